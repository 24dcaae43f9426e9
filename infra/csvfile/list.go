package csvfile

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// ReadList reads a list of series: a container and a metric on each line, with
// white space between, and comments after #. The keys are container and metric. An
// empty path lists nothing and returns nil. A malformed line is an *Error.
func ReadList(path string) (map[[2]string]bool, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list := map[[2]string]bool{}
	lines := bufio.NewScanner(file)
	for n := int64(1); lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		switch fields := strings.Fields(line); len(fields) {
		case 0:
		case 2:
			list[[2]string(fields)] = true
		default:
			return nil, &Error{File: path, Line: n, Value: line, Err: ErrRow,
				Text: clip(lines.Text()) + " is not a container and a metric with a space between"}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}
