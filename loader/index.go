package loader

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/core/codec"
)

// An index lists the versions of a checkpoint, as JSON.
type index struct {
	Format   int     `json:"foretide_versions"` // indexFormat
	Serial   int64   `json:"serial"`            // how often it was written
	Current  int64   `json:"current"`           // the number of a version
	Versions []entry `json:"versions"`          // the newest first
}

type entry struct {
	Number int64     `json:"number"`
	Digest string    `json:"sha256"`
	Size   int64     `json:"bytes"`
	Time   time.Time `json:"time"`
	Mark   string    `json:"mark"` // of the object, beside the digest
}

const (
	indexFormat = 1
	indexStart  = `{"foretide_versions":`
	maxIndex    = 1 << 20
)

// object is the name of the version's own object.
func (e *entry) object(name string) string {
	return versionsFolder + "/" + name + "/" + e.Digest + "." + e.Mark
}

// isIndex tells an index from a checkpoint, which begins with another byte.
func isIndex(data []byte) bool { return bytes.HasPrefix(data, []byte(indexStart)) }

func (x *index) append() []byte {
	x.Format = indexFormat
	b, err := json.Marshal(x)
	if err != nil {
		panic("loader: " + err.Error()) // of plain fields
	}
	return append(b, '\n')
}

// parseIndex reads an index. The errors are codec.ErrVersion of a newer format,
// and codec.ErrDamaged.
func parseIndex(data []byte) (*index, error) {
	if len(data) > maxIndex {
		return nil, ErrTooLarge
	}
	format, _, _ := bytes.Cut(data[len(indexStart):], []byte(","))
	if n, err := strconv.Atoi(string(format)); err == nil && n > indexFormat {
		return nil, &indexVersionError{n}
	}
	x := new(index)
	if err := json.Unmarshal(data, x); err != nil {
		return nil, &codec.DamagedError{Problem: "its index of versions is no JSON: " + err.Error()}
	}
	if err := x.check(); err != "" {
		return nil, &codec.DamagedError{Problem: "its index of versions " + err}
	}
	return x, nil
}

// check returns what is wrong with an index, or "".
func (x *index) check() string {
	last := int64(1) << 53
	for _, v := range x.Versions {
		_, err := hex.DecodeString(v.Digest)
		switch {
		case err != nil || len(v.Digest) != 64 || strings.ToLower(v.Digest) != v.Digest:
			return "has a digest that is none"
		case v.Number < 1 || v.Number >= last:
			return "has numbers out of order"
		case v.Mark == "" || len(v.Mark) > 64 || strings.ContainsAny(v.Mark, "/\\.") || v.Size < 0:
			return "has a version without a mark or a size"
		}
		last = v.Number
	}
	switch {
	case x.Format != indexFormat:
		return "has no known format"
	case len(x.Versions) > MaxKeep+1:
		return "has too many versions"
	case x.find(x.Current) == nil:
		return "has no current version"
	}
	return ""
}

func (x *index) find(number int64) *entry {
	for i := range x.Versions {
		if x.Versions[i].Number == number {
			return &x.Versions[i]
		}
	}
	return nil
}

// current returns the current version of an index that has one.
func (x *index) current() *entry { return x.find(x.Current) }

// add makes a new version current.
func (x *index) add(v entry) {
	v.Number = 1
	if len(x.Versions) > 0 {
		v.Number = x.Versions[0].Number + 1
	}
	x.Versions = slices.Insert(x.Versions, 0, v)
	x.Current = v.Number
}

// trim keeps the newest n versions, and the current one.
func (x *index) trim(n int) {
	for i := len(x.Versions) - 1; i >= 0 && len(x.Versions) > n; i-- {
		if x.Versions[i].Number != x.Current {
			x.Versions = slices.Delete(x.Versions, i, i+1)
		}
	}
}

func (x *index) versions() []Version {
	out := make([]Version, len(x.Versions))
	for i, v := range x.Versions {
		out[i] = Version{Number: v.Number, Digest: v.Digest, Size: v.Size, Time: v.Time, Current: v.Number == x.Current}
	}
	return out
}

type indexVersionError struct{ format int }

func (e *indexVersionError) Error() string {
	return "its index of versions has format " + strconv.Itoa(e.format) + ", this is foretide for format " + strconv.Itoa(indexFormat) + "; use a newer foretide"
}

func (e *indexVersionError) Is(target error) bool { return target == codec.ErrVersion }
