package event

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestSettle: what remains names each container once, and is a batch that can be.
func TestSettle(t *testing.T) {
	t.Parallel()
	var a Answer
	a.Again("web", "cpu")
	a.Again("db", "cpu")
	a.Again("web", "memory")
	a.Again("web", "cpu")
	a.Again("db", "")
	a.Again("db", "memory")
	for i := range MaxMetrics + 2 {
		a.Again("wide", fmt.Sprint(i))
	}
	a.Again("", "cpu")
	a.Again("", "memory")
	a.Settle()
	if len(a.Remaining) != 5 || a.Failed == nil {
		t.Fatalf("%+v", a)
	}
	want := []Item{{"web", []string{"cpu", "memory"}}, {"db", nil}}
	if !reflect.DeepEqual(a.Remaining[:2], want) || len(a.Remaining[2].Metrics) != MaxMetrics || len(a.Remaining[3].Metrics) != 2 || len(a.Remaining[4].Metrics) != 2 {
		t.Errorf("%+v", a.Remaining)
	}
	if err := (&Batch{Items: a.Remaining}).Check(); err != nil {
		t.Error(err)
	}
	a = Answer{}
	if a.Settle(); a.Remaining == nil {
		t.Error("nothing remains, and the list is null")
	}
}

// TestBrief: of each reason there is one failure with their count, and the errors
// are short.
func TestBrief(t *testing.T) {
	t.Parallel()
	a := Answer{Done: 3, Results: []Done{{}}, Files: []string{"x"}}
	for i := range 10 {
		a.Fail(Failure{Container: fmt.Sprint(i), Metric: "cpu", Reason: Storage5xx, Error: strings.Repeat("ä", maxError), Retry: true})
		a.Fail(Failure{Container: fmt.Sprint(i), Metric: "memory", Reason: NoData, Error: "none"})
	}
	b := a.Brief()
	if b.Done != 3 || len(b.Failed) != 2 || len(b.Remaining) != 10 || b.Results != nil || b.Files != nil {
		t.Fatalf("%+v", b)
	}
	first := b.Failed[0]
	if first.Count != 10 || first.Container != "0" || !first.Retry || len(first.Error) > maxError+3 || !utf8.ValidString(first.Error) || b.Failed[1].Error != "none" {
		t.Errorf("%+v", b.Failed)
	}
	if len(a.Failed) != 20 || a.Failed[0].Count != 0 {
		t.Error("the whole answer is another one now")
	}
}
