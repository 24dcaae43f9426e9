package lake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/loader/store"
)

// Folder is where the samples are: a folder of it for each day, in UTC.
const Folder = "samples/"

// A File is a file of samples, as its name tells: those of one day and shard
// whose times are in [From, To).
type File struct {
	store.Object
	Shard, Shards int
	From, To      int64 // Unix seconds
	digest        string
}

// DayFolder returns the folder of the day that the Unix second is in.
func DayFolder(t int64) string {
	return Folder + "day=" + time.Unix(t, 0).UTC().Format(time.DateOnly) + "/"
}

// digest is the part of a file's name that tells damage: the name says what the
// bytes must be.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// name returns the key of a file with these bytes.
func (f *File) name(data []byte) string {
	return fmt.Sprintf("%s%04d-of-%04d-%d-%d-%s.parquet", DayFolder(f.From), f.Shard, f.Shards, f.From, f.To, digest(data))
}

// maxShards is the most shards that a day may have.
const maxShards = 9999

// parseFile returns what the name of an object tells; ok is false where it is
// not one of name.
func parseFile(o store.Object) (f File, ok bool) {
	parts := strings.Split(strings.TrimSuffix(path.Base(o.Name), ".parquet"), "-")
	if len(parts) != 6 || parts[1] != "of" {
		return f, false
	}
	var n [4]int64
	for i, text := range []string{parts[0], parts[2], parts[3], parts[4]} {
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v < 0 || v > 1<<40 {
			return f, false
		}
		n[i] = v
	}
	f = File{Object: o, Shard: int(n[0]), Shards: int(n[1]), From: n[2], To: n[3], digest: parts[5]}
	ok = n[1] >= 1 && n[1] <= maxShards && n[0] < n[1] && f.From < f.To && len(f.digest) == 24 &&
		o.Name == fmt.Sprintf("%s%04d-of-%04d-%d-%d-%s.parquet", DayFolder(f.From), f.Shard, f.Shards, f.From, f.To, f.digest)
	return f, ok
}

// ShardOf returns which of n shards a container's samples are in.
func ShardOf(container string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(container))
	return int(h.Sum32() % uint32(n))
}

// has reports whether the file may have samples of the container.
func (f *File) has(container string) bool { return ShardOf(container, f.Shards) == f.Shard }
