package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// toFrame has a field for each declared column, or for each name in the rows, in alphabetical order.
func toFrame(rows []row, declared []column) (frame *data.Frame, doubts []string, err error) {
	frame = data.NewFrame("")
	if len(rows) == 0 {
		return frame, nil, nil
	}
	wanted := map[string]string{}
	for _, one := range declared {
		wanted[one.Selector] = one.Type
	}
	for _, object := range rows {
		for name := range object {
			if len(declared) == 0 {
				wanted[name] = ""
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		values := make([]any, len(rows))
		for place, object := range rows {
			values[place] = object[name]
		}
		if kind := kindOf(values); wanted[name] == "" && values[0] == nil && kind != "string" {
			doubts = append(doubts, fmt.Sprintf("%s starts with null: Infinity 2.0.0 finds no %s in it", name, kind))
		}
		made, err := toField(name, wanted[name], values)
		if err != nil {
			return nil, nil, err
		}
		frame.Fields = append(frame.Fields, made)
	}
	return frame, doubts, nil
}

// appendFrame adds a page's rows to those before it.
func appendFrame(whole, page *data.Frame) error {
	if len(whole.Fields) != len(page.Fields) {
		return errors.New("unable to merge fields due to different fields")
	}
	for place, before := range whole.Fields {
		after := page.Fields[place]
		if before.Name != after.Name || before.Type() != after.Type() {
			return fmt.Errorf("unable to merge fields %q and %q: their names or types differ", before.Name, after.Name)
		}
		for at := range after.Len() {
			before.Append(after.At(at))
		}
	}
	return nil
}

// series is the frame as time series, one field for each; where a series has no value at a time, it has a null.
func series(frame *data.Frame) (*data.Frame, error) {
	if len(frame.Fields) == 0 || frame.TimeSeriesSchema().Type == data.TimeSeriesTypeWide {
		return frame, nil
	}
	return data.LongToWide(frame, &data.FillMissing{Mode: data.FillModeNull})
}

// A field is shown by these.
type field struct {
	Name   string      `json:"name"`
	Type   string      `json:"type"`
	Labels data.Labels `json:"labels"`
	Values []any       `json:"values"`
}

func shown(frame *data.Frame) []field {
	fields := make([]field, len(frame.Fields))
	for place, found := range frame.Fields {
		values := make([]any, found.Len())
		for at := range values {
			if value, there := found.ConcreteAt(at); there {
				values[at] = plainValue(value)
			}
		}
		labels := found.Labels
		if labels == nil {
			labels = data.Labels{}
		}
		fields[place] = field{found.Name, typeName(found.Type()), labels, values}
	}
	return fields
}

func plainValue(value any) any {
	switch found := value.(type) {
	case time.Time:
		return found.UTC().Format(time.RFC3339Nano)
	case float64:
		if math.IsNaN(found) || math.IsInf(found, 0) {
			return strconv.FormatFloat(found, 'g', -1, 64) // JSON has no number for it
		}
	}
	return value
}

func typeName(found data.FieldType) string {
	switch {
	case found.Time():
		return "time"
	case found.Numeric():
		return "number"
	case found.NonNullableType() == data.FieldTypeBool:
		return "boolean"
	}
	return "string"
}
