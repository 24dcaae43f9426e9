package loader

import "runtime/debug"

// Version is the released version that this source belongs to or leads to.
const Version = "0.1.0"

// BuildVersion returns the version and, where the build knows it, the commit:
// "0.1.0 (1a2b3c4d5e6f, modified)".
func BuildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				modified = ", modified"
			}
		}
	}
	if revision == "" {
		return Version
	}
	return Version + " (" + revision + modified + ")"
}
