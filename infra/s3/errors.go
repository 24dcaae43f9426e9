package s3

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/foretide/foretide/loader/store"
)

var (
	// ErrNoBucket reports a bucket that does not exist.
	ErrNoBucket = errors.New("s3: no such bucket")
	// ErrDenied reports that the credentials were rejected or lack permission.
	ErrDenied = errors.New("s3: access denied")
	// ErrUnavailable reports that the server cannot be reached, is busy or fails,
	// after the last attempt.
	ErrUnavailable = errors.New("s3: server unavailable")

	errStalled = errors.New("the server sent nothing for too long")
)

// isChanged reports whether a conditional write failed for its condition.
func isChanged(err error, match bool) bool {
	switch code, status := codes(err); {
	case status == http.StatusPreconditionFailed, code == "PreconditionFailed", code == "ConditionalRequestConflict":
		return true
	case code == "NoSuchKey":
		return match // the object to be replaced is gone
	}
	return false
}

// codes returns the server's word and the HTTP status of an error, or neither.
func codes(err error) (code string, status int) {
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) {
		status = resp.HTTPStatusCode()
	}
	return code, status
}

// hints say what to do about what a server, or the client, says of credentials.
var hints = map[string]string{
	"SignatureDoesNotMatch":        "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID; correct it",
	"InvalidAccessKeyId":           "the server does not know AWS_ACCESS_KEY_ID; correct it, or name another AWS_PROFILE",
	"XAdminUserNotFound":           "the server does not know AWS_ACCESS_KEY_ID; correct it, or name another AWS_PROFILE", // versitygw's
	"ExpiredToken":                 "the credentials have expired; get new ones (aws sso login, or what gave AWS_SESSION_TOKEN)",
	"ExpiredTokenException":        "the credentials have expired; get new ones (aws sso login, or what gave AWS_SESSION_TOKEN)",
	"TokenRefreshRequired":         "the credentials have expired; get new ones",
	"InvalidToken":                 "AWS_SESSION_TOKEN does not belong to the access key; correct or unset it",
	"RequestTimeTooSkewed":         "this machine's clock is wrong; set it",
	"AccessDenied":                 "give these credentials s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket here (of versions: s3:ListBucketVersions, s3:GetBucketVersioning and s3:GetObjectVersion), and kms:Decrypt and kms:GenerateDataKey for the bucket's key",
	"AllAccessDisabled":            "the bucket is disabled",
	"KMS.DisabledException":        "enable the bucket's KMS key",
	"KMS.NotFoundException":        "kms_key_id names no key",
	"AuthorizationHeaderMalformed": "the region is another one; set AWS_REGION or region=…",
	"PermanentRedirect":            "the bucket is in another region; set AWS_REGION or region=…",
}

// fail returns the error for people and for errors.Is; nil for nil.
func (b *Bucket) fail(ctx context.Context, op, name string, err error) error {
	if err == nil {
		return nil
	}
	e := &store.Error{Op: op, Name: b.Address(name), Err: err}
	if ctx.Err() != nil {
		e.Err = ctx.Err()
		return e
	}
	for _, known := range []error{store.ErrTooLarge, store.ErrChanged, store.ErrNotFound, store.ErrNoVersions} {
		if errors.Is(err, known) {
			return e
		}
	}
	if isDamaged(err) {
		e.Err, e.Hint = store.ErrDamaged, "return to an earlier version, or write it again"
		return e
	}
	code, status := codes(err)
	e.Detail = detail(err, code, status)
	switch {
	case code == "NoSuchBucket":
		e.Err, e.Detail, e.Hint = ErrNoBucket, "", "create it (aws s3 mb "+scheme+b.config.Bucket+"), or correct the address"
	case hints[code] != "": // whatever the status is
		e.Err, e.Hint = ErrDenied, hints[code]
	case code == "NoSuchKey", code == "NoSuchVersion", code == "NotFound", code == "InvalidVersionId", status == http.StatusNotFound && code == "":
		e.Err, e.Detail = store.ErrNotFound, ""
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		e.Err, e.Hint = ErrDenied, hints["AccessDenied"]
	case isCredentials(err):
		e.Err, e.Hint = ErrDenied, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; expired ones are to be renewed (aws sso login)"
	case status == http.StatusInsufficientStorage, strings.Contains(code, "QuotaExceeded"), strings.Contains(code, "StorageFull"):
		e.Err, e.Hint = ErrUnavailable, "the server has no room left; what was stored is as it was"
	case status >= 500, status == http.StatusTooManyRequests, isTimeout(err), isBroken(err):
		e.Err, e.Hint = ErrUnavailable, "what was stored is as it was; try again when the server is well ("+strconv.Itoa(b.config.Attempts)+" attempts were made)"
	}
	return e
}

// detail is what the server said, in short.
func detail(err error, code string, status int) string {
	var api smithy.APIError
	if status == 0 && !errors.As(err, &api) {
		last := err
		for u := errors.Unwrap(last); u != nil; u = errors.Unwrap(last) {
			last = u
		}
		var op *net.OpError
		if errors.As(err, &op) {
			return op.Error()
		}
		return last.Error()
	}
	s := strconv.Itoa(status)
	if code != "" {
		s += " " + code
	}
	if errors.As(err, &api) && api.ErrorMessage() != "" && api.ErrorMessage() != code {
		s += ": " + strings.TrimSpace(api.ErrorMessage())
	}
	return s
}

// isDamaged reports whether a checksum differs; the client's error is of no
// public type.
func isDamaged(err error) bool { return strings.Contains(err.Error(), "checksum did not match") }

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, errStalled) || errors.As(err, &timeout) && timeout.Timeout()
}

// isBroken reports whether a connection, not the server, said no.
func isBroken(err error) bool {
	_, status := codes(err)
	var op *net.OpError
	return errors.As(err, &op) || status == 0 && strings.Contains(err.Error(), "EOF")
}

// isCredentials reports whether there were no credentials to sign with.
func isCredentials(err error) bool {
	var sign *smithy.OperationError
	return errors.As(err, &sign) && (strings.Contains(err.Error(), "get credentials") || strings.Contains(err.Error(), "get identity"))
}
