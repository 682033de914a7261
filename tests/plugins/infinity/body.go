package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// A plain name stands for itself in Infinity's selectors; other characters may have a meaning there.
var plain = regexp.MustCompile(`^[\pL_][\pL\pN_ -]*$`)

type row = map[string]any

// merged is one frame of all pages. What the last one's cursor says, and what is doubtful, goes to the reading.
func (asked question) merged(told *reading) (whole *data.Frame, err error) {
	pages := asked.Pages
	if len(pages) == 0 {
		pages = []string{asked.Answer}
	}
	for _, text := range pages {
		var rows []row
		if asked.Kind == "csv" {
			rows, err = asked.csvRows(text)
		} else {
			rows, told.Next, err = asked.jsonRows(text)
		}
		if err != nil {
			return nil, err
		}
		frame, doubts, err := toFrame(rows, asked.Columns)
		if err != nil {
			return nil, err
		}
		told.Warnings = append(told.Warnings, doubts...)
		if whole == nil {
			whole = frame
		} else if err := appendFrame(whole, frame); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

func (asked question) jsonRows(text string) (rows []row, next *string, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil, errors.New("empty response body received")
	}
	var body any
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return nil, nil, err
	}
	if asked.Cursor != "" {
		found, there := member(body, asked.Cursor)
		if !there {
			return nil, nil, fmt.Errorf("the cursor %q is not in the answer", asked.Cursor)
		}
		word := ""
		if found != nil {
			word = fmt.Sprint(found)
		}
		next = &word
	}
	if asked.Root != "" {
		found, there := member(body, asked.Root)
		if !there {
			return nil, nil, fmt.Errorf("the root selector %q is not in the answer", asked.Root)
		}
		body = found
	}
	switch found := body.(type) {
	case row:
		return []row{found}, next, nil
	case []any:
		for place, item := range found {
			object, is := item.(row)
			if !is {
				return nil, nil, fmt.Errorf("row %d is no object", place)
			}
			rows = append(rows, object)
		}
		return rows, next, nil
	}
	return nil, nil, errors.New("the answer is neither a list of rows nor one row")
}

func member(body any, name string) (found any, there bool) {
	object, _ := body.(row)
	found, there = object[name]
	return found, there
}

func (asked question) csvRows(text string) (rows []row, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("empty response body received")
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.LazyQuotes = true
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	for _, declared := range asked.Columns {
		if !slices.Contains(lines[0], declared.Selector) {
			return nil, fmt.Errorf("the column %q is not in the header", declared.Selector)
		}
	}
	for _, line := range lines[1:] {
		object := row{}
		for place, name := range lines[0] {
			object[name] = line[place]
		}
		rows = append(rows, object)
	}
	return rows, nil
}
