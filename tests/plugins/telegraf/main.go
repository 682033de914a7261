// Writes metrics by Telegraf's own outputs, as its agent does: batch, serialize, pack, post, and drop or keep.
//
// Standard input is a JSON list of cases, each with a `name`, a `config` (Telegraf's own, of outputs only) and
// `metrics`, each with a `measurement`, `tags`, `fields` and a `time` in nanoseconds. Standard output is a list
// with the `name`, how many metrics are `kept` to be sent again, and an `error` where there was one.
package main

import (
	"encoding/json"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/metric"
	_ "github.com/influxdata/telegraf/plugins/outputs/influxdb"
	_ "github.com/influxdata/telegraf/plugins/outputs/influxdb_v2"
)

type point struct {
	Measurement string                 `json:"measurement"`
	Tags        map[string]string      `json:"tags"`
	Fields      map[string]interface{} `json:"fields"`
	Time        int64                  `json:"time"`
}

type given struct {
	Name    string  `json:"name"`
	Config  string  `json:"config"`
	Metrics []point `json:"metrics"`
}

type found struct {
	Name  string `json:"name"`
	Kept  int    `json:"kept"`
	Error string `json:"error,omitempty"`
}

func main() {
	var cases []given
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	if err := decoder.Decode(&cases); err != nil {
		log.Fatal(err)
	}
	answers := make([]found, 0, len(cases))
	for _, each := range cases {
		kept, err := write(each)
		answer := found{Name: each.Name, Kept: kept}
		if err != nil {
			answer.Error = err.Error()
		}
		answers = append(answers, answer)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func write(given given) (int, error) {
	configuration := config.NewConfig()
	if err := configuration.LoadConfigData([]byte(given.Config), "case"); err != nil {
		return 0, err
	}
	kept := 0
	for _, output := range configuration.Outputs {
		if err := output.Init(); err != nil {
			return 0, err
		}
		if err := output.Connect(); err != nil {
			return 0, err
		}
		for _, each := range given.Metrics {
			made := metric.New(each.Measurement, each.Tags, nil, time.Unix(0, each.Time))
			fields := numbers(each.Fields)
			for _, name := range slices.Sorted(maps.Keys(fields)) { // so that the same metric is the same line
				made.AddField(name, fields[name])
			}
			output.AddMetric(made)
		}
		err := output.Write()
		kept += output.BufferLength()
		output.Close()
		if err != nil {
			return kept, err
		}
	}
	return kept, nil
}

// numbers has the fields with JSON's numbers as Telegraf has them: whole ones as integers, unsigned where they must be.
func numbers(fields map[string]interface{}) map[string]interface{} {
	for name, value := range fields {
		number, ok := value.(json.Number)
		if !ok {
			continue
		}
		if strings.ContainsAny(number.String(), ".eE") {
			fields[name], _ = number.Float64()
		} else if whole, err := number.Int64(); err == nil {
			fields[name] = whole
		} else {
			var unsigned uint64
			if err := json.Unmarshal([]byte(number), &unsigned); err == nil {
				fields[name] = unsigned
			}
		}
	}
	return fields
}
