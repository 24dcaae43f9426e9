package prometheus

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/foretide/foretide/internal/near"
)

// A filter chooses containers by the names that they have in the rows.
type filter struct {
	names    []string // as asked for; none: all
	patterns []*regexp.Regexp
	found    []bool          // of each name
	seen     map[string]bool // the containers that were met, and whether they are wanted
}

// maxSeen bounds how many containers a filter keeps in mind.
const maxSeen = 100_000

func (f *filter) init(names []string) {
	f.names, f.found, f.seen = names, make([]bool, len(names)), make(map[string]bool)
	for _, name := range names {
		parts := strings.Split(name, "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		f.patterns = append(f.patterns, regexp.MustCompile("(?s)^"+strings.Join(parts, ".*")+"$"))
	}
}

// wants reports whether rows of the container are to be written. What has no
// rows of its own, and so no name, is wanted.
func (f *filter) wants(container string) bool {
	if len(f.names) == 0 || container == "" {
		return true
	}
	if yes, known := f.seen[container]; known {
		return yes
	}
	yes := false
	for i, p := range f.patterns {
		if p.MatchString(container) {
			yes, f.found[i] = true, true
		}
	}
	if len(f.seen) < maxSeen {
		f.seen[container] = yes
	}
	return yes
}

// missing returns the names that no container has.
func (f *filter) missing() []string {
	var out []string
	for i, name := range f.names {
		if !f.found[i] {
			out = append(out, name)
		}
	}
	return out
}

// explain says that there is no container of that name, and what there is.
func (f *filter) explain(name string) string {
	known := slices.Sorted(maps.Keys(f.seen))
	hint := near.Hint(name, known)
	if hint == "" && len(known) > 0 {
		hint = "; there are " + strings.Join(known[:min(len(known), 8)], ", ")
		if len(known) > 8 {
			hint += ", …"
		}
	}
	return fmt.Sprintf("no container %q%s", name, hint)
}
