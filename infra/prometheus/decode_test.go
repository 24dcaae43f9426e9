package prometheus

import (
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/goccy/go-json"
)

// decode reads an answer, a few bytes at a time.
func decode(text string) (*result, error) {
	r := &result{}
	d := json.NewDecoder(iotest.OneByteReader(strings.NewReader(text)))
	err := r.read(d)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more")
		}
	}
	return r, err
}

// TestDecode: the forms that answers have.
func TestDecode(t *testing.T) {
	t.Parallel()
	two := func(v []point) bool { return len(v) == 2 && v[0] == point{1500, -2.5} && math.IsInf(v[1].v, 1) }
	for name, tt := range map[string]struct {
		text string
		ok   func(r *result) bool
	}{
		"range": {`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a \" b":"c  d"},"values":[[1.5,"-2.5"],[2,"+Inf"]]}]}}`,
			func(r *result) bool {
				return len(r.series) == 1 && r.series[0].Metric[`a " b`] == "c  d" && two(r.series[0].Values)
			}},
		"spread over lines": {"\n{ \"status\" :\t\"success\",\n \"infos\": [{}], \"data\": {\"resultType\":\"matrix\", \"x\": [1, [2]], \"result\":[\r\n {\"metric\": {} , \"values\":[ [ 1.5 ,\n \"-2.5\" ] , [2,\"+Inf\"] ] } ] } } \n",
			func(r *result) bool { return len(r.series) == 1 && two(r.series[0].Values) }},
		"moment": {`{"status":"success","warnings":["w"],"data":{"resultType":"vector","result":[{"metric":{},"value":[7,"NaN"]},{"metric":null}]}}`,
			func(r *result) bool {
				return len(r.series) == 2 && math.IsNaN(r.series[0].Value[0].v) && r.series[1].Value == nil && r.warnings[0] == "w"
			}},
		"text":    {`{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`, func(r *result) bool { return r.kind == "string" && r.series == nil }},
		"nothing": {`{"status":"success","data":{"resultType":"matrix","result":null}}`, func(r *result) bool { return r.kind == "matrix" && r.series == nil }},
		"histogram": {`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[],"histograms":[[1,{"count":"1"}]]}]}}`,
			func(r *result) bool { return len(r.series) == 1 && len(r.series[0].Values) == 0 }},
	} {
		if r, err := decode(tt.text); err != nil || !tt.ok(r) {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
	for _, values := range []string{`5`, `{}`, `"x"`, `[1]`, `[[1,2]]`, `[[1,"x"]]`, `[["1","1"]]`, `[[1,"1",2]]`, `[[1,"1"],3]`, `[[1,"]"]]`, `[[1e300,"1"]]`, `[[[1,"1"]]]`, `[1,"1"`} {
		text := `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":` + values + `}]}}`
		if r, err := decode(text); err == nil {
			t.Errorf("values %s are read as %+v", values, r)
		}
	}
	for _, text := range []string{``, `null`, `[]`, `{}`, `{"status":"success"} {}`, `{"status":"success","data":{"result":[]}}`, `{"status":"success","data":7}`, `{"status":"error","errorType":"execution","error":"e"}`, `{"status":"success","data":{"resultType":"mat`} {
		if r, err := decode(text); err == nil {
			t.Errorf("%s is read as %+v", text, r)
		}
	}
}

// TestDecodeBounded: of a series with more values than can be asked for no more
// are kept than show it.
func TestDecodeBounded(t *testing.T) {
	t.Parallel()
	r, err := decode(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[` + strings.Repeat(`[1,"1"],`, 3*maxPoints) + `[1,"1"]]}]}}`)
	if err != nil || len(r.series[0].Values) != maxPoints+1 || cap(r.series[0].Values) > 2*maxPoints {
		t.Errorf("%v, %d values, room for %d", err, len(r.series[0].Values), cap(r.series[0].Values))
	}
}

// FuzzPairs: values are read as encoding/json reads them.
func FuzzPairs(f *testing.F) {
	for _, text := range []string{`[]`, `null`, `[[1,"2"]]`, `[ [1.5, "NaN"], [2,"+Inf"] ]`, `[1,"2"]`, `[[1,"]"]]`, `[[1,"\u0031"]]`, `[[1,","]]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got pairs
		if json.Unmarshal(text, &got) != nil {
			return
		}
		var want [][2]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			one := make([][2]json.RawMessage, 1)
			if err := json.Unmarshal(text, &one[0]); err != nil {
				t.Fatalf("%s is read as %v, and is %v", text, got, err)
			}
			want = one
		}
		if len(got) != min(len(want), maxPoints+1) {
			t.Fatalf("%d of %d values of %s", len(got), len(want), text)
		}
		for i, p := range got {
			at, err := strconv.ParseFloat(string(want[i][0]), 64)
			var v string
			if err := json.Unmarshal(want[i][1], &v); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			value, verr := strconv.ParseFloat(v, 64)
			if err != nil || verr != nil || p.t != int64(math.Round(at*1000)) || math.Float64bits(p.v) != math.Float64bits(value) {
				t.Fatalf("%s: value %d is read as %v", text, i, p)
			}
		}
	})
}
