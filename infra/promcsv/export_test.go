package promcsv

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/prometheus"
)

// TestRows: rows are in order of time and name, with empty cells for what is
// missing and quotes where a name needs them.
func TestRows(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began+600, began+600)
	export(t, o)
	const want = `timestamp,container,cpu,memory,disk_read,disk_write,net_rx,net_tx
1714522200,"batch,""1""",,1000,,,,
1714522200,db,0.2,,,,,
1714522200,webapp,0.5,1040,,,20,
`
	if got := readText(t, o.Path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+3600)
	export(t, o)
	plain := readText(t, o.Path)
	o.Path += ".gz"
	export(t, o)
	if got := readText(t, o.Path); got != plain {
		t.Errorf("compressed, the text has %d bytes that are not the plain one's %d", len(got), len(plain))
	}
}

// TestNoData: without a row there is no file.
func TestNoData(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began-86400, began-80000)
	_, err := Export(context.Background(), o)
	if !errors.Is(err, prometheus.ErrNoData) {
		t.Errorf("got %v, want %v", err, prometheus.ErrNoData)
	}
	if left := list(t, o.Path); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		change func(*Options)
	}{
		{"no file to write to", func(o *Options) { o.Path = "" }},
		{"a stream exclude each other", func(o *Options) { o.Out = &bytes.Buffer{} }},
		{"range must be more than 0, got 0s", func(o *Options) { o.Start, o.Last = time.Time{}, 0 }},
		{"no step of 1h0m0s lies from", func(o *Options) { o.Step, o.Start, o.End = time.Hour, time.Unix(60, 0), time.Unix(120, 0) }},
		{"step must be whole seconds", func(o *Options) { o.Step = 1 }},
	} {
		o := options(t, "http://localhost:9090", began, began+600)
		path := o.Path
		tt.change(&o)
		_, err := Export(context.Background(), o)
		if !errors.Is(err, prometheus.ErrOptions) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("got %v, want %s", err, tt.text)
		}
		if left := list(t, path); len(left) != 0 {
			t.Errorf("%s: left behind: %q", tt.text, left)
		}
	}
}
