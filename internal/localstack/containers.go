package localstack

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/testkit/servers"
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
	out, err := exec.CommandContext(ctx, "docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}").Output()
	if err != nil {
		return Bridge{}, fmt.Errorf("docker tells of no bridge (is its engine running, and may you use it?): %w", err)
	}
	var config struct {
		Subnet  netip.Prefix
		Gateway string
	}
	if err := json.Unmarshal(out, &config); err != nil {
		return Bridge{}, fmt.Errorf("docker says of its bridge %q: %w", out, err)
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return Bridge{}, err
	}
	return bridge(config.Subnet, config.Gateway, own), nil
}

// bridge finds the bridge among this machine's own addresses. Until its first
// restart an engine names no gateway (github.com/moby/moby/issues/26799): then it
// is the address within the subnet.
func bridge(subnet netip.Prefix, gateway string, own []net.Addr) Bridge {
	for _, o := range own {
		p, err := netip.ParsePrefix(o.String())
		if err != nil {
			continue // not of IP
		}
		if a := p.Addr(); a.String() == gateway || gateway == "" && subnet.Contains(a) {
			return Bridge{a.String(), a.String()}
		}
	}
	return Bridge{"127.0.0.1", "host.docker.internal"}
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
		"FORETIDE_STORE":  s.Store + "?region=" + servers.S3Region + "&path_style=true&endpoint=" + reach(s.S3.URL),
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
