package codec

const (
	// Extension is what the name of a checkpoint ends with.
	Extension = ".ckpt"

	sharedName = "_shared"
	hexDigits  = "0123456789ABCDEF"
)

// Name returns the name of the checkpoint of a metric and container in a folder
// or bucket: "cpu/webapp.ckpt", and "cpu/_shared.ckpt" without a container.
// ASCII letters, digits, "-", "." and "_" stand for themselves, except for a
// leading "." or "_"; every other byte is written as % and two hexadecimal
// digits: "azure/vm-1" is "azure%2Fvm-1". So different metrics and containers
// never share a name, and no name leaves its folder. (A file system that takes
// upper and lower case for the same confuses names that differ in case alone;
// whoever loads a checkpoint compares what its header says.)
func Name(metric, container string) string {
	file := sharedName
	if container != "" {
		file = escape(container)
	}
	return escape(metric) + "/" + file + Extension
}

// ParseName returns the metric and container whose checkpoint has the name; ok
// is false where none has.
func ParseName(name string) (metric, container string, ok bool) {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		file := name[i+1:]
		if n := len(file) - len(Extension); n >= 0 && file[n:] == Extension {
			file = file[:n]
		}
		if metric = unescape(name[:i]); file != sharedName {
			container = unescape(file)
		}
		return metric, container, metric != "" && Name(metric, container) == name
	}
	return "", "", false
}

func escape(s string) string {
	b, n := make([]byte, 3*len(s)), 0
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || i > 0 && (c == '.' || c == '_') {
			b[n] = c
			n++
			continue
		}
		b[n], b[n+1], b[n+2] = '%', hexDigits[c>>4], hexDigits[c&15]
		n += 3
	}
	return string(b[:n])
}

// unescape undoes escape. Of a string that this does not give, it returns
// one that it does not turn back into it.
func unescape(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := digit(s[i+1]), digit(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// digit returns the value of a hexadecimal digit, or -1.
func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
