// Package s3test runs a real S3 server, versitygw, for tests.
package s3test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/foretide/foretide/internal/testkit"
)

// Version is the server's that the tests are known to pass with.
const Version = "v1.8.0"

// The credentials of the server's only account, and its region.
const (
	AccessKey = "foretide-test"
	SecretKey = "foretide-test-secret"
	Region    = "us-east-1"
)

// Need says that a test needs the server's program: on the path, or where
// FORETIDE_VERSITYGW says.
func Need(t testing.TB) {
	t.Helper()
	testkit.Program(t, program(), "go install github.com/versity/versitygw/cmd/versitygw@"+Version)
}

func program() string {
	if p := os.Getenv("FORETIDE_VERSITYGW"); p != "" {
		return p
	}
	return "versitygw"
}

// A Server is one with a folder of its own, on the loopback unless StartAt says
// otherwise.
type Server struct {
	URL string
	// Folder is where it keeps a bucket's objects, as files: Folder/BUCKET/KEY.
	Folder  string
	address string
	shell   string // runs before it: limits
	dir     string
	cmd     *exec.Cmd
	log     bytes.Buffer
}

// New starts a server for a test, with buckets, lets the test's environment name
// it as that of a user does, and stops it at the end.
func New(t testing.TB, buckets ...string) *Server {
	t.Helper()
	Need(t)
	s, err := Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	for name, value := range s.Env() {
		t.Setenv(name, value)
	}
	for _, b := range buckets {
		if err := s.CreateBucket(b); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Start starts a server. What shell says, such as "ulimit -f 64", is carried out
// in its process first. The caller stops it.
func Start(shell string) (*Server, error) { return StartAt("127.0.0.1", shell) }

// StartAt is Start at another address of this machine's than the loopback, such
// as that of a bridge to containers.
func StartAt(host, shell string) (*Server, error) {
	dir, err := os.MkdirTemp("", "foretide-s3-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, Folder: filepath.Join(dir, "objects"), shell: shell}
	for _, folder := range []string{s.Folder, s.versions()} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	s.address = l.Addr().String()
	s.URL = "http://" + s.address
	if err := l.Close(); err != nil {
		return nil, err
	}
	if err := s.Restart(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// versions is where the server keeps the earlier versions of objects.
func (s *Server) versions() string { return filepath.Join(s.dir, "versions") }

// Env returns the environment of a program that uses the server. It keeps the
// machine's own AWS settings out.
func (s *Server) Env() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": SecretKey, "AWS_SESSION_TOKEN": "",
		"AWS_REGION": Region, "AWS_ENDPOINT_URL_S3": s.URL, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "",
	}
}

// Environ is Env after the test's own, for exec.Cmd.
func (s *Server) Environ() []string {
	env := os.Environ()
	for name, value := range s.Env() {
		env = append(env, name+"="+value)
	}
	return env
}

// Client returns a client of the server.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &s.URL, Region: Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
	})
}

// CreateBucket makes a bucket.
func (s *Server) CreateBucket(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(name)})
	return err
}

// EnableVersioning makes a bucket keep versions.
func (s *Server) EnableVersioning(bucket string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := s.Client().PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	return err
}

// Address returns an address at which any HTTP client gets an object for an hour.
func (s *Server) Address(bucket, key string) (string, error) {
	r, err := s3.NewPresignClient(s.Client()).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: &bucket, Key: &key}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		return "", err
	}
	return r.URL, nil
}

// Kill ends the server at once, as a crash would. Restart starts it again.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // it may have ended by itself
		_ = s.cmd.Wait()         // "signal: killed"
		s.cmd = nil
	}
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	s.Kill()
	_ = os.RemoveAll(s.dir) // a folder of the tests, in the system's own
}

// Restart starts the server, at the address that it had before, and waits until
// it is ready.
func (s *Server) Restart() error {
	path, err := exec.LookPath(program())
	if err != nil {
		return err
	}
	args := []string{path, "--port", s.address, "--region", Region, "--quiet", "--health", "/health",
		"posix", "--versioning-dir", s.versions(), s.Folder}
	if s.shell != "" {
		args = append([]string{"sh", "-c", s.shell + `; exec "$0" "$@"`}, args...)
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+AccessKey, "ROOT_SECRET_KEY="+SecretKey)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var last error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := client.Get(s.URL + "/health")
		if last = err; err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
	s.Kill() // the log may be read only then
	return fmt.Errorf("versitygw is not ready after a minute: %v\n%s", last, s.log.String())
}
