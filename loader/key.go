package loader

import "strings"

// A Key is what a checkpoint serves: a metric of one container, or of every
// container where Container is empty.
type Key struct{ Metric, Container string }

const (
	extension  = ".ckpt"
	sharedName = "_shared"
)

// Name returns the key's name in a store: "cpu/webapp.ckpt", and
// "cpu/_shared.ckpt" without a container. ASCII letters, digits, "-", "." and
// "_" stand for themselves, except for a leading "." or "_"; every other byte
// is written as % and two hexadecimal digits: "azure/vm-1" is "azure%2Fvm-1".
// Keys of different names thus never share one, and none leaves its folder.
// (On a file system that takes upper and lower case for the same, names that
// differ in case alone overwrite each other; the predictor notices.)
func (k Key) Name() string {
	name := escape(k.Metric) + "/"
	if k.Container == "" {
		return name + sharedName + extension
	}
	return name + escape(k.Container) + extension
}

// String returns the key for people: "cpu of webapp", "cpu of every container".
func (k Key) String() string {
	if k.Container == "" {
		return k.Metric + " of every container"
	}
	return k.Metric + " of " + k.Container
}

// ParseName returns the key that has the name; ok is false where none has.
func ParseName(name string) (k Key, ok bool) {
	metric, file, _ := strings.Cut(name, "/")
	k.Metric = unescape(metric)
	if file = strings.TrimSuffix(file, extension); file != sharedName {
		k.Container = unescape(file)
	}
	return k, k.Metric != "" && k.Name() == name
}

const hexDigits = "0123456789ABCDEF"

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' ||
			i > 0 && (c == '.' || c == '_')
		if plain {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// unescape undoes escape. Of a string that escape does not give, it returns
// one that escape does not turn back into it.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
