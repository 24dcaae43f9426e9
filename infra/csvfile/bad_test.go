package csvfile

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const header = "timestamp,container,cpu,memory\n"

// write makes a file in the working directory, which the test sets to a
// temporary one, so that messages have its bare name.
func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gzipped(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(content))
	w.Close()
	return b.String()
}

// rows returns n rows of the container, step seconds apart from start.
func rows(container string, start, step int64, n int) string {
	var b strings.Builder
	for i := int64(0); i < int64(n); i++ {
		b.WriteString(strconv.FormatInt(start+i*step, 10) + "," + container + "," + strconv.FormatInt(i%7, 10) + ",100\n")
	}
	return b.String()
}

// TestBadFile: what the user reads when a file cannot be read.
func TestBadFile(t *testing.T) {
	for _, c := range []struct {
		name, content string
		o             Options
		kind          error
		want          string
	}{
		{"empty file", "", Options{}, ErrEmpty,
			`m.csv: the file is empty; its first line names the columns: timestamp,container,cpu,memory,…`},
		{"only empty lines", "\n\r\n\n", Options{}, ErrEmpty,
			`m.csv: the file is empty; its first line names the columns: timestamp,container,cpu,memory,…`},
		{"header only", header, Options{}, ErrEmpty,
			`m.csv: there is a header but no row of data`},
		{"no timestamp", "time,container,cpu\n1,a,2\n", Options{}, ErrHeader,
			`m.csv:1: column "timestamp": the header lacks it; rename "time" if that is it`},
		{"no container", "timestamp,cpu,memory\n1,2,3\n", Options{}, ErrHeader,
			`m.csv:1: column "container": the header lacks it; there are "timestamp", "cpu", "memory"`},
		{"no header", "1722467370,web,0.5\n1722467430,web,0.6\n", Options{}, ErrHeader,
			`m.csv:1: column "timestamp": the first line is data, not a header; begin the file with the line timestamp,container,cpu,memory,…`},
		{"no metric", "timestamp,container\n1,a\n", Options{}, ErrHeader,
			`m.csv:1: no metric column: the header has only timestamp, container; add at least one of cpu, memory, disk_read, disk_write, net_rx, net_tx, requests`},
		{"column twice", "timestamp,container,cpu,CPU\n1,a,2,3\n", Options{}, ErrHeader,
			`m.csv:1: column "cpu": the header names it twice; rename or remove one`},
		{"asked for a metric that is not there", header + "1,a,2,3\n", Options{Metrics: []string{"memroy"}}, ErrHeader,
			`m.csv: column "memroy": no column of this name; did you mean "memory"?`},
		{"asked for something unlike", header + "1,a,2,3\n", Options{Metrics: []string{"latency"}}, ErrHeader,
			`m.csv: column "latency": no column of this name; the metrics are "cpu", "memory"`},
		{"all missing", header + "60,a,NaN,\n120,a,,null\n", Options{}, ErrEmpty,
			`m.csv: every value is missing in 2 rows`},
		{"all infinite", header + "60,a,inf,-Inf\n", Options{}, ErrEmpty,
			`m.csv: every value is missing in 1 row: 2 are infinite or beyond 1e+150, the largest that is read`},
		{"all too large", header + "60,a,1e300,\n120,a,-1e300,\n", Options{}, ErrEmpty,
			`m.csv: every value is missing in 2 rows: 2 are infinite or beyond 1e+150, the largest that is read`},
		{"text in a number", header + "60,a,1,2\n120,a,0.5,12 MiB\n", Options{}, ErrNumber,
			`m.csv:3: column "memory": "12 MiB" is not a number; write it without a unit, with a point for decimals, and leave the cell empty where there is no value`},
		{"long text in a number", header + "60,a," + strings.Repeat("x", 100) + ",2\n", Options{}, ErrNumber,
			`m.csv:2: column "cpu": "` + strings.Repeat("x", 60) + `…" is not a number; write it without a unit, with a point for decimals, and leave the cell empty where there is no value`},
		{"text after numbers in an unknown column", "timestamp,container,cpu,users\n60,a,1,2\n120,a,1,many\n", Options{}, ErrNumber,
			`m.csv:3: column "users": "many" is not a number; write it without a unit, with a point for decimals, and leave the cell empty where there is no value`},
		{"hexadecimal", header + "60,a,0x10,2\n", Options{}, ErrNumber,
			`m.csv:2: column "cpu": "0x10" is not a number; write it without a unit, with a point for decimals, and leave the cell empty where there is no value`},
		{"no time", header + ",a,1,2\n", Options{}, ErrTime,
			`m.csv:2: column "timestamp": the timestamp is empty; every row needs one, in Unix seconds (1722467370) or as RFC 3339 (2024-07-31T23:09:30Z)`},
		{"text for a time", header + "60,a,1,2\nyesterday,a,1,2\n", Options{}, ErrTime,
			`m.csv:3: column "timestamp": "yesterday" is not a timestamp; write Unix seconds (1722467370) or RFC 3339 (2024-07-31T23:09:30Z)`},
		{"an impossible date", header + "2024-02-30T00:00:00Z,a,1,2\n", Options{}, ErrTime,
			`m.csv:2: column "timestamp": "2024-02-30T00:00:00Z" is not a timestamp; write Unix seconds (1722467370) or RFC 3339 (2024-07-31T23:09:30Z)`},
		{"NaN for a time", header + "nan,a,1,2\n", Options{}, ErrTime,
			`m.csv:2: column "timestamp": "nan" is not a timestamp; write Unix seconds (1722467370) or RFC 3339 (2024-07-31T23:09:30Z)`},
		{"milliseconds", header + "1722467370000,a,1,2\n", Options{}, ErrTimeUnit,
			`m.csv:2: column "timestamp": "1722467370000" looks like milliseconds, but timestamps are Unix seconds: divide the column by 1000`},
		{"milliseconds with a fraction", header + "1.722467370123e12,a,1,2\n", Options{}, ErrTimeUnit,
			`m.csv:2: column "timestamp": "1.722467370123e12" looks like milliseconds, but timestamps are Unix seconds: divide the column by 1000`},
		{"microseconds", header + "1722467370000000,a,1,2\n", Options{}, ErrTimeUnit,
			`m.csv:2: column "timestamp": "1722467370000000" looks like microseconds, but timestamps are Unix seconds: divide the column by 1000000`},
		{"nanoseconds", header + "1722467370000000000,a,1,2\n", Options{}, ErrTimeUnit,
			`m.csv:2: column "timestamp": "1722467370000000000" looks like nanoseconds, but timestamps are Unix seconds: divide the column by 1000000000`},
		{"no name", header + "60, ,1,2\n", Options{}, ErrRow,
			`m.csv:2: column "container": the container's name is empty; every row needs one`},
		{"too few fields", header + "60,a,1\n120,a,1,2\n", Options{}, ErrRow,
			`m.csv:2: the row has 3 fields, the header 4`},
		{"too many fields", header + "60,a,1,2,3\n", Options{}, ErrRow,
			`m.csv:2: the row has 5 fields, the header 4`},
		{"open quote", header + "60,\"a,1,2\n120,a,1,2\n", Options{}, ErrRow,
			`m.csv:2: a double quote does not enclose a whole field; close it, or double it inside a quoted field`},
		{"quote inside", header + "60,a,1,2\n60,a\"b\",1,2\n", Options{}, ErrRow,
			`m.csv:3: a double quote does not enclose a whole field; close it, or double it inside a quoted field`},
		{"endless line", header + "60,a,1," + strings.Repeat("1", maxRecord) + "\n", Options{}, ErrRow,
			`m.csv:2: the line is longer than 1 MiB; is this a CSV file?`},
		{"semicolons", "timestamp;container;cpu\n60;a;0,5\n", Options{}, ErrNotCSV,
			`m.csv:1: the columns are separated by semicolons; separate them by commas and write decimals with a point`},
		{"tabs", "timestamp\tcontainer\tcpu\n60\ta\t0.5\n", Options{}, ErrNotCSV,
			`m.csv:1: the columns are separated by tabs; separate them by commas and write decimals with a point`},
		{"binary", "\x7fELF\x02\x01\x01\x00\x00\x00", Options{}, ErrNotCSV,
			`m.csv: this is binary data, not text; metrics are read from CSV files, plain or gzip`},
		{"UTF-16", "\xff\xfet\x00i\x00m\x00e\x00", Options{}, ErrNotCSV,
			`m.csv: this is UTF-16 text; save it as UTF-8`},
		{"spreadsheet", "PK\x03\x04rest", Options{}, ErrNotCSV,
			`m.csv: this is a zip archive or a spreadsheet; save it as CSV`},
		{"zstd", "\x28\xb5\x2f\xfdrest", Options{}, ErrNotCSV,
			`m.csv: this is compressed with zstd; decompress it, or compress it with gzip`},
		{"Latin-1", "timestamp,container,cpu,m\xe9moire\n" + "60,a,1,2\n", Options{}, ErrNotCSV,
			`m.csv: this is neither UTF-8 text nor gzip; metrics are read from CSV files, plain or gzip`},
		{"a container that is not there", header + "60,web-1,1,2\n60,web-2,1,2\n60,db,1,2\n", Options{Container: "web-3"}, ErrContainer,
			`m.csv: no container "web-3"; did you mean "web-1" or "web-2"?`},
		{"a container unlike all", header + "60,web-1,1,2\n60,db,1,2\n", Options{Container: "cache"}, ErrContainer,
			`m.csv: no container "cache"; there are "db", "web-1"`},
		{"a stray time", header + "5,a,1,2\n" + rows("a", 1_722_467_370, 15, 10), Options{}, ErrSpan,
			`m.csv: column "timestamp": container "a" has rows from 1970-01-01T00:00:05Z (m.csv:2) to 2024-07-31T23:11:45Z (m.csv:12): ` +
				`114831168 cells of 15 s, more than 4194304; remove the row with the wrong time, or give a longer step`},
		{"more than memory allows", header + rows("a", 0, 60, 2000), Options{MaxValues: 1000}, ErrTooLarge,
			`m.csv:258: the data takes more than 1000 values of memory; read one container or fewer metrics at a time, or give a longer step`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "m.csv", c.content)
			d, err := Read(context.Background(), "m.csv", c.o)
			if err == nil {
				t.Fatalf("no error; read %+v", d)
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, c.kind) || e.File != "m.csv" {
				t.Errorf("got %#v, want an *Error of kind %q", err, c.kind)
			}
		})
	}
}

// TestErrorFields: the parts of an error are there for programs.
func TestErrorFields(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "m.csv", header+"60,a,1,2\n120,a,oops,2\n")
	_, err := Read(context.Background(), "m.csv", Options{})
	var e *Error
	if !errors.As(err, &e) || e.File != "m.csv" || e.Line != 3 || e.Column != "cpu" || e.Value != "oops" {
		t.Errorf("got %#v", err)
	}
}

// TestWarnings: what the user reads about data that is usable but odd.
func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		name, content string
		o             Options
		want          string
	}{
		{"nothing odd", header + rows("a", 0, 60, 40), Options{}, ""},
		{"one point", header + "60,a,1,2\n", Options{},
			`container "a" has a single row; its step is taken as 1 min`},
		{"one point of a known step", header + "60,a,1,2\n", Options{Step: 60}, ""},
		{"a container without values", header + "60,a,1,2\n120,a,1,2\n60,b,,\n120,b,,\n", Options{},
			`container "b" has no value and is left out`},
		{"infinities", header + "60,a,1,2\n120,a,+Inf,2\n180,a,-inf,1e999\n", Options{},
			"m.csv:3: column \"cpu\": 2 infinite values are taken as missing\n" +
				"m.csv:4: column \"memory\": 1 infinite value is taken as missing"},
		{"too large", header + "60,a,1e300,2\n120,a,1,-1e200\n180,a,1e151,inf\n", Options{},
			"m.csv:2: column \"cpu\": 2 values beyond 1e+150, the largest that is read, are taken as missing\n" +
				"m.csv:4: column \"memory\": 1 infinite value is taken as missing\n" +
				"m.csv:3: column \"memory\": 1 value beyond 1e+150, the largest that is read, is taken as missing"},
		{"out of order", header + "180,a,1,2\n60,a,1,2\n120,a,1,2\n", Options{},
			`container "a" has 1 row earlier than the row before; they are put in order`},
		{"duplicates", header + "60,a,1,2\n60,a,3,2\n120,a,1,2\n120,a,3,2\n", Options{},
			`container "a" has 2 rows at the time of the row before; values of a cell are averaged`},
		{"a step that changes", header + rows("a", 0, 15, 200) + rows("a", 3000, 60, 250), Options{},
			`container "a" is sampled every 15 s at first and every 1 min later; its grid has a step of 1 min, and cells without a sample are missing`},
		{"a typo", "timestamp,container,cpu,memroy\n60,a,1,2\n120,a,1,2\n", Options{},
			`m.csv: column "memroy" is read as a metric of that name; did you mean "memory"?`},
		{"a text column", "timestamp,container,pod,cpu\n60,a,,1\n120,a,web-7f9c,1\n180,a,web-7f9c,1\n", Options{},
			`m.csv:3: column "pod" holds text ("web-7f9c") and is left out`},
		{"a column of addresses", "timestamp,container,addr,cpu\n60,a,10.0.0.1,1\n120,a,10.0.0.2,1\n", Options{},
			`m.csv:2: column "addr" holds text ("10.0.0.1") and is left out`},
		{"a column without a name", ",timestamp,container,cpu\n0,60,a,1\n1,120,a,1\n", Options{},
			`m.csv: column 1 has no name and is left out`},
		{"a cut last line", header + "60,a,1,2\n120,a,1,2\n180,a", Options{},
			`m.csv:4: the last line is cut off and left out; the file may still be written`},
		{"times without a zone", header + "2024-08-01 00:00:00,a,1,2\n2024-08-01 00:01:00,a,1,2\n", Options{},
			`m.csv:2: times without a zone are taken as UTC`},
		{"shorter than the longest horizon", header + rows("a", 0, 60, 12), Options{Horizon: 1800, Window: 3600},
			`container "a" has 12 min of history, less than the longest horizon of 30 min: too little to learn from, so forecasts are naive`},
		{"shorter than the window", header + rows("a", 0, 60, 45), Options{Horizon: 1800, Window: 14400},
			`container "a" has 45 min of history, less than the window of 4 h: models see less than they ask for`},
		{"as long as window and horizon", header + rows("a", 0, 60, 240), Options{Horizon: 1800, Window: 14400}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "m.csv", c.content)
			d, err := Read(context.Background(), "m.csv", c.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(d.Warnings, "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestBadSystem: paths that cannot be read at all.
func TestBadSystem(t *testing.T) {
	t.Chdir(t.TempDir())
	check := func(path, want string, kind error) {
		t.Helper()
		_, err := Read(context.Background(), path, Options{})
		if err == nil || err.Error() != want || !errors.Is(err, kind) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	write(t, "plain", header)
	check("plain/m.csv", "plain/m.csv: cannot stat: not a directory", syscall.ENOTDIR)
	check("gone.csv", "gone.csv: no such file or folder", fs.ErrNotExist)

	check(os.DevNull, os.DevNull+": it is not a file, and metrics may have to be read twice; write them to a file first", ErrNotCSV)

	os.Mkdir("nothing", 0o755)
	os.Symlink(os.DevNull, "nothing/null.csv")
	check("nothing", "nothing: the folder has no .csv or .csv.gz file", ErrNoFiles)
	write(t, "nothing/metrics.txt", header)
	check("nothing", `nothing: the folder has no .csv or .csv.gz file; there is only "metrics.txt"`, ErrNoFiles)
	write(t, "nothing/list.csv", "name,size\na,1\n")
	check("nothing", `nothing: no metrics file in the folder; nothing/list.csv:1: column "timestamp": the header lacks it; there are "name", "size"`, ErrNoFiles)

	full := gzipped(t, header+rows("a", 1_722_467_370, 60, 20_000))
	write(t, "cut.csv.gz", full[:len(full)/2])
	_, err := Read(context.Background(), "cut.csv.gz", Options{})
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrDamaged) || e.Line < 1000 ||
		e.Text != "the gzip data is cut off or damaged here (unexpected EOF); copy or export the file again" {
		t.Errorf("cut gzip: got %v", err)
	}
	flipped := []byte(full)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	write(t, "flipped.csv.gz", string(flipped))
	check("flipped.csv.gz", "flipped.csv.gz:20002: the gzip data is cut off or damaged here (gzip: invalid checksum); copy or export the file again", ErrDamaged)
	write(t, "magic.csv.gz", "\x1f\x8b")
	check("magic.csv.gz", "magic.csv.gz:1: the gzip data is cut off or damaged here (unexpected EOF); copy or export the file again", ErrDamaged)

	if os.Getuid() == 0 {
		t.Log("as root every file is readable: permissions are not tested")
		return
	}
	write(t, "secret.csv", header)
	os.Chmod("secret.csv", 0)
	check("secret.csv", "secret.csv: cannot open: permission denied", fs.ErrPermission)
	os.Mkdir("locked", 0)
	check("locked", "locked: cannot open: permission denied", fs.ErrPermission)
	os.Chmod("locked", 0o755)
}
