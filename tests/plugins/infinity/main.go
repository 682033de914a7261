// Reads our REST answers as the backend parser of Grafana's Infinity does, with the frames of Grafana's own SDK.
//
// Law: stdin is a JSON list of cases, stdout the list of what was read, in the same order: a frame or an error. What
// is wrong with an answer is told in its place; what is wrong with a case ends the program.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
)

// A question is an answer of ours, and how the user of Infinity set up the query.
type question struct {
	Name    string   `json:"name"`
	Answer  string   `json:"answer"`  // the text of the body
	Pages   []string `json:"pages"`   // instead of Answer: the bodies of several pages, which are merged
	Kind    string   `json:"kind"`    // json (where it is not given) or csv
	Root    string   `json:"root"`    // the member that holds the rows: a plain name
	Cursor  string   `json:"cursor"`  // the member that names the next page: a plain name
	Columns []column `json:"columns"` // where there are any, only these are read
	Format  string   `json:"format"`  // table (where it is not given) or timeseries
}

// A reading is what Infinity makes of an answer.
type reading struct {
	Name     string   `json:"name"`
	Error    string   `json:"error,omitempty"`
	Schema   string   `json:"schema,omitempty"` // the frame as a time series: wide, long or not
	Next     *string  `json:"next,omitempty"`   // what the cursor of the last page says, "" for null
	Warnings []string `json:"warnings,omitempty"`
	Fields   *[]field `json:"fields,omitempty"`
}

func main() {
	log.SetFlags(0)
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	var questions []question
	if err := decoder.Decode(&questions); err != nil {
		log.Fatalf("the cases can't be read: %v", err)
	}
	readings := make([]reading, len(questions))
	for place, asked := range questions {
		if err := asked.check(); err != nil {
			log.Fatalf("the case %q is none: %v", asked.Name, err)
		}
		readings[place] = asked.read()
	}
	if err := json.NewEncoder(os.Stdout).Encode(readings); err != nil {
		log.Fatal(err)
	}
}

// check finds what is wrong with the case itself.
func (asked question) check() error {
	names := []string{asked.Root, asked.Cursor}
	for _, declared := range asked.Columns {
		if err := oneOf(declared.Type, types...); err != nil {
			return err
		}
		if asked.Kind != "csv" { // whose names are no selectors
			names = append(names, declared.Selector)
		}
	}
	for _, name := range names {
		if name != "" && !plain.MatchString(name) {
			return fmt.Errorf("%q may be a path, and only plain names are followed here", name)
		}
	}
	if asked.Kind == "csv" && (asked.Root != "" || asked.Cursor != "") {
		return errors.New("CSV has no members")
	}
	return errors.Join(oneOf(asked.Kind, "", "json", "csv"), oneOf(asked.Format, "", "table", "timeseries"))
}

func oneOf(word string, words ...string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return fmt.Errorf("%q is none of %q", word, words)
}

func (asked question) read() reading {
	told := reading{Name: asked.Name}
	frame, err := asked.merged(&told)
	if err == nil && asked.Format == "timeseries" {
		frame, err = series(frame)
	}
	if err != nil {
		return reading{Name: asked.Name, Error: err.Error()}
	}
	fields := shown(frame)
	told.Schema, told.Fields = frame.TimeSeriesSchema().Type.String(), &fields
	return told
}
