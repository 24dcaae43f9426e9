package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/foretide/foretide/internal/s3test"
)

// A Bridge is the way from containers to this machine.
type Bridge struct {
	Listen string // where a server listens that containers are to reach
	Reach  string // how they name it
}

// FindBridge asks the Docker engine for its default bridge. Where that is a
// network of this machine, servers listen at the bridge's own address, which this
// machine and its containers reach, and nobody else. Otherwise the engine runs in
// a virtual machine (Docker Desktop), which brings host.docker.internal to the
// loopback.
func FindBridge(ctx context.Context) (Bridge, error) {
	out, err := exec.CommandContext(ctx, "docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").Output()
	if err != nil {
		return Bridge{}, fmt.Errorf("docker tells of no bridge (is its engine running, and may you use it?): %w", err)
	}
	address := strings.TrimSpace(string(out))
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil { // not an address of this machine
		return Bridge{"127.0.0.1", "host.docker.internal"}, nil
	}
	return Bridge{address, address}, l.Close()
}

// EnvFile writes the variables with which functions in containers use the stack,
// for the flag --env-vars of "sam local". The stack must have been started with
// the bridge's Listen as its Host.
func (s *Stack) EnvFile(path string, b Bridge, more ...string) error {
	reach := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			panic(err) // the servers' own
		}
		return "http://" + net.JoinHostPort(b.Reach, u.Port())
	}
	env := map[string]string{
		"FORETIDE_STORE":  s.Store + "?region=" + s3test.Region + "&path_style=true&endpoint=" + reach(s.S3.URL),
		"FORETIDE_SHARDS": "2",
	}
	if s.Prometheus != nil {
		env["PROMETHEUS_URL"] = reach(s.Prometheus.URL)
	}
	for _, e := range more {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	data, err := json.MarshalIndent(map[string]any{"Parameters": env}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
