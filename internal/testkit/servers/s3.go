package servers

import (
	"bytes"
	"context"
	"fmt"
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

// versitygwVersion is the server's that the tests are known to pass with.
const versitygwVersion = "v1.8.0"

// The credentials of the server's only account, and its region.
const (
	S3AccessKey = "foretide-test"
	S3SecretKey = "foretide-test-secret"
	S3Region    = "us-east-1"
)

// NeedS3 needs versitygw, an S3 server: on the path, or where
// FORETIDE_VERSITYGW says.
func NeedS3(t testing.TB) {
	t.Helper()
	testkit.Program(t, versitygw(), "go install github.com/versity/versitygw/cmd/versitygw@"+versitygwVersion)
}

func versitygw() string {
	if p := os.Getenv("FORETIDE_VERSITYGW"); p != "" {
		return p
	}
	return "versitygw"
}

// An S3 is a server with a folder of its own, on the loopback unless StartS3At says
// otherwise.
type S3 struct {
	URL string
	// Folder is where it keeps a bucket's objects, as files: Folder/BUCKET/KEY.
	Folder  string
	address string
	shell   string // runs before it: limits
	dir     string
	cmd     *exec.Cmd
	log     bytes.Buffer
}

// NewS3 starts an S3 server for a test, with buckets, lets the test's environment name
// it as that of a user does, and stops it at the end.
func NewS3(t testing.TB, buckets ...string) *S3 {
	t.Helper()
	NeedS3(t)
	s, err := StartS3("")
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

// StartS3 starts a server. What shell says, such as "ulimit -f 64", is carried out
// in its process first. The caller stops it.
func StartS3(shell string) (*S3, error) { return StartS3At("127.0.0.1", shell) }

// StartS3At is StartS3 at another address of this machine's than the loopback, such
// as that of a bridge to containers.
func StartS3At(host, shell string) (*S3, error) {
	dir, err := os.MkdirTemp("", "foretide-s3-")
	if err != nil {
		return nil, err
	}
	s := &S3{dir: dir, Folder: filepath.Join(dir, "objects"), shell: shell}
	for _, folder := range []string{s.Folder, s.versions()} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return nil, err
		}
	}
	if s.address, err = freeAddress(host); err != nil {
		return nil, err
	}
	s.URL = "http://" + s.address
	if err := s.Restart(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// versions is where the server keeps the earlier versions of objects.
func (s *S3) versions() string { return filepath.Join(s.dir, "versions") }

// Env returns the environment of a program that uses the server. It keeps the
// machine's own AWS settings out.
func (s *S3) Env() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": S3AccessKey, "AWS_SECRET_ACCESS_KEY": S3SecretKey, "AWS_SESSION_TOKEN": "",
		"AWS_REGION": S3Region, "AWS_ENDPOINT_URL_S3": s.URL, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "",
	}
}

// Environ is Env after the test's own, for exec.Cmd.
func (s *S3) Environ() []string {
	env := os.Environ()
	for name, value := range s.Env() {
		env = append(env, name+"="+value)
	}
	return env
}

// Client returns a client of the server.
func (s *S3) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &s.URL, Region: S3Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(S3AccessKey, S3SecretKey, ""),
	})
}

// CreateBucket makes a bucket.
func (s *S3) CreateBucket(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(name)})
	return err
}

// EnableVersioning makes a bucket keep versions.
func (s *S3) EnableVersioning(bucket string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := s.Client().PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	return err
}

// Address returns an address at which any HTTP client gets an object for an hour.
func (s *S3) Address(bucket, key string) (string, error) {
	r, err := s3.NewPresignClient(s.Client()).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: &bucket, Key: &key}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		return "", err
	}
	return r.URL, nil
}

// Kill ends the server at once, as a crash would. Restart starts it again.
func (s *S3) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // it may have ended by itself
		_ = s.cmd.Wait()         // "signal: killed"
		s.cmd = nil
	}
}

// Stop ends the server and removes its folder.
func (s *S3) Stop() {
	s.Kill()
	_ = os.RemoveAll(s.dir) // a folder of the tests, in the system's own
}

// Restart starts the server, at the address that it had before, and waits until
// it is ready.
func (s *S3) Restart() error {
	path, err := exec.LookPath(versitygw())
	if err != nil {
		return err
	}
	args := []string{path, "--port", s.address, "--region", S3Region, "--quiet", "--health", "/health",
		"posix", "--versioning-dir", s.versions(), s.Folder}
	if s.shell != "" {
		args = append([]string{"sh", "-c", s.shell + `; exec "$0" "$@"`}, args...)
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+S3AccessKey, "ROOT_SECRET_KEY="+S3SecretKey)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	if err := ready(s.URL+"/health", nil, http.StatusOK); err != nil {
		s.Kill() // the log may be read only then
		return fmt.Errorf("versitygw is %w\n%s", err, s.log.String())
	}
	return nil
}
