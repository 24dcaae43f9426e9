package loader

import "github.com/foretide/foretide/core/codec"

// A Key is what a checkpoint serves: a metric of one container, or of every
// container where Container is empty.
type Key struct{ Metric, Container string }

// Name returns the key's name in a store: codec.Name. (On a file system that
// takes upper and lower case for the same, names that differ in case alone
// overwrite each other; the predictor notices.)
func (k Key) Name() string { return codec.Name(k.Metric, k.Container) }

// String returns the key for people: "cpu of webapp", "cpu of every container".
func (k Key) String() string {
	if k.Container == "" {
		return k.Metric + " of every container"
	}
	return k.Metric + " of " + k.Container
}

// ParseName returns the key that has the name; ok is false where none has.
func ParseName(name string) (k Key, ok bool) {
	k.Metric, k.Container, ok = codec.ParseName(name)
	return k, ok
}
