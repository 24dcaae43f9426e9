package localstack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Function is a bootstrap and what it is run with.
type Function struct {
	Name      string
	Bootstrap string        // the program's path
	Through   []string      // a program, with arguments, that runs the bootstrap, such as qemu-aarch64; none: itself
	Env       []string      // "NAME=value", beside what the runtime sets; nothing else is inherited
	Timeout   time.Duration // of an invocation
	Memory    int           // MB, as the function is told
}

// A process is one running bootstrap: what the service calls an execution
// environment. It does one invocation at a time.
type process struct {
	f       *Function
	cmd     *exec.Cmd
	server  *http.Server
	log     logBuffer
	started time.Time
	init    time.Duration // until it first asked for work

	next  chan *invocation // to the bootstrap
	ready chan struct{}    // closed when it first asks
	once  sync.Once
	ended chan struct{} // closed when it is gone
	mu    sync.Mutex
	now   *invocation
}

// An invocation is one event and its answer.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	answer   chan answer
}

type answer struct {
	payload []byte
	failed  string // "Unhandled" where the function returned an error
}

// start runs the bootstrap, with a Runtime API of its own.
func start(f *Function) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{f: f, next: make(chan *invocation), ready: make(chan struct{}), ended: make(chan struct{}), started: time.Now()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", p.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { p.serveAnswer(w, r, "") })
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { p.serveAnswer(w, r, "Unhandled") })
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusAccepted) })
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go p.server.Serve(l) // until stop
	args := append(slices.Clone(f.Through), f.Bootstrap)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = os.TempDir()
	p.cmd.Env = append(p.environ(l.Addr().String()), f.Env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		p.server.Close()
		return nil, fmt.Errorf("lambda: %s does not start: %w", f.Name, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in the log, and in what its caller is told
		close(p.ended)
		p.server.Close()
	}()
	return p, nil
}

// environ is what the service sets.
func (p *process) environ(api string) []string {
	return []string{
		"AWS_LAMBDA_RUNTIME_API=" + api, "AWS_LAMBDA_FUNCTION_NAME=" + p.f.Name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(p.f.Memory), "_HANDLER=bootstrap", "LAMBDA_TASK_ROOT=" + os.TempDir(),
		"TZ=:UTC", "PATH=/usr/bin:/bin", "HOME=/tmp", "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
	}
}

func (p *process) serveNext(w http.ResponseWriter, r *http.Request) {
	p.once.Do(func() {
		p.init = time.Since(p.started)
		close(p.ready)
	})
	select {
	case i := <-p.next:
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", arn(p.f.Name))
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(i.payload) // a bootstrap that is gone is noticed elsewhere
	case <-r.Context().Done():
	case <-p.ended:
	}
}

func arn(name string) string { return "arn:aws:lambda:us-east-1:000000000000:function:" + name }

func (p *process) serveAnswer(w http.ResponseWriter, r *http.Request, failed string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	p.mu.Lock()
	i := p.now
	if i != nil && i.id == r.PathValue("id") {
		p.now = nil
	} else {
		i = nil
	}
	p.mu.Unlock()
	switch {
	case err != nil || i == nil:
		http.Error(w, `{"errorMessage":"no such invocation","errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	case len(body) > maxAnswer:
		body, failed = fmt.Appendf(nil, `{"errorMessage":"Response payload size exceeded maximum allowed payload size (%d bytes).","errorType":"Function.ResponseSizeTooLarge"}`, maxAnswer), "Unhandled"
	}
	w.WriteHeader(http.StatusAccepted)
	i.answer <- answer{body, failed}
}

// maxAnswer is the most bytes of an answer, and of a payload, as the service has
// it.
const maxAnswer = 6 << 20

// errGone: the bootstrap ended.
var errGone = errors.New("lambda: the function's process has ended")

// invoke hands the bootstrap an invocation and waits for its answer. After an
// error the process is of no more use.
func (p *process) invoke(ctx context.Context, i *invocation) (answer, error) {
	p.mu.Lock()
	p.now = i
	p.mu.Unlock()
	timeout := time.NewTimer(time.Until(i.deadline))
	defer timeout.Stop()
	late := fmt.Errorf("%s Task timed out after %.2f seconds", i.id, p.f.Timeout.Seconds())
	select {
	case p.next <- i:
	case <-p.ended:
		return answer{}, errGone
	case <-timeout.C:
		return answer{}, late
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	select {
	case a := <-i.answer:
		return a, nil
	case <-p.ended:
		return answer{}, errGone
	case <-timeout.C:
		return answer{}, late
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// peak returns the most memory that the process has had, in bytes; 0 where the
// system does not tell.
func (p *process) peak() int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// used returns the time of processors that the process has had, with the kernel's
// for it; 0 where the system does not tell.
func (p *process) used() time.Duration {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ") // behind the program's name
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64) // of the kernel's own text
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / 100
}

// stop ends the process at once.
func (p *process) stop() {
	_ = p.cmd.Process.Kill() // it may be gone
	<-p.ended
}

// logBuffer keeps the last of what a process writes.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const maxLog = 4 << 20

// Write implements io.Writer.
func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len()+len(b) > maxLog {
		l.buf.Next(l.buf.Len() / 2)
	}
	return l.buf.Write(b)
}

// take returns what was written since the last call.
func (l *logBuffer) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.buf.String()
	l.buf.Reset()
	return s
}
