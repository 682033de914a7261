package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// A column is declared in Infinity's editor; where its type is empty, its values decide.
type column struct {
	Selector string `json:"selector"`
	Type     string `json:"type"` // one of types; time is timestamp, timestamp_epoch is in ms
}

var types = []string{"", "string", "number", "boolean", "time", "timestamp", "timestamp_epoch", "timestamp_epoch_s"}

// toField has the declared type, but for nested values, which are texts always.
func toField(name, declared string, values []any) (*data.Field, error) {
	kind := kindOf(values)
	if kind == "nested" {
		return made(name, values, asJSON), nil
	}
	switch declared {
	case "string":
		return made(name, values, asString), nil
	case "number":
		return made(name, values, asNumber), nil
	case "boolean":
		return made(name, values, asBoolean), nil
	case "time", "timestamp":
		return made(name, values, asTime), nil
	case "timestamp_epoch":
		return made(name, values, epoch(time.UnixMilli)), nil
	case "timestamp_epoch_s":
		return made(name, values, epoch(func(seconds int64) time.Time { return time.Unix(seconds, 0) })), nil
	}
	for _, value := range values {
		if found := kindOf([]any{value}); value != nil && found != kind {
			return nil, fmt.Errorf("the column %q mixes %s and %s", name, kind, found)
		}
	}
	switch kind {
	case "number":
		return made(name, values, as[float64]), nil
	case "boolean":
		return made(name, values, as[bool]), nil
	}
	return made(name, values, as[string]), nil
}

// kindOf is decided by the first value that isn't null; where all are, it is string.
func kindOf(values []any) string {
	for _, value := range values {
		switch value.(type) {
		case nil:
			continue
		case string:
			return "string"
		case float64:
			return "number"
		case bool:
			return "boolean"
		}
		return "nested"
	}
	return "string"
}

func made[T any](name string, values []any, convert func(any) *T) *data.Field {
	cells := make([]*T, len(values))
	for place, value := range values {
		cells[place] = convert(value)
	}
	return data.NewField(name, nil, cells)
}

func as[T any](value any) *T {
	if found, is := value.(T); is {
		return &found
	}
	return nil
}

func asJSON(value any) *string {
	text, _ := json.Marshal(value) // it came from JSON
	return new(string(text))
}

func asString(value any) *string {
	if value == nil {
		return nil
	}
	return new(fmt.Sprint(value))
}

func asNumber(value any) *float64 {
	if text, is := value.(string); is {
		if number, err := strconv.ParseFloat(text, 64); err == nil {
			return &number
		}
	}
	return as[float64](value)
}

func asBoolean(value any) *bool {
	if text, is := value.(string); is && strings.EqualFold(text, "true") {
		return new(true)
	}
	return as[bool](value)
}

// asTime knows RFC 3339, the same without a zone (which is UTC), and with a space for the T; it takes a number for a year.
func asTime(value any) *time.Time {
	text, layouts := "", []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime}
	switch found := value.(type) {
	case string:
		text = found
	case float64:
		text, layouts = strconv.FormatFloat(found, 'f', 0, 64), []string{"2006"}
	}
	for _, layout := range layouts {
		if moment, err := time.Parse(layout, text); err == nil {
			return &moment
		}
	}
	return nil
}

func epoch(since func(int64) time.Time) func(any) *time.Time {
	return func(value any) *time.Time {
		switch found := value.(type) {
		case float64:
			return new(since(int64(found)))
		case string:
			if count, err := strconv.ParseInt(found, 10, 64); err == nil {
				return new(since(count))
			}
		}
		return nil
	}
}
