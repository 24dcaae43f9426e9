package event

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"
)

// The ways in which a function is invoked.
const (
	Direct   = "direct"
	Queue    = "sqs"
	Storage  = "s3"
	Schedule = "schedule"
)

// A Request is one batch of an event, or why there is none.
type Request struct {
	ID    string // of the message; "" where it is not one of a queue
	Batch Batch
	// Keys are the objects that a notification of storage names; the function
	// makes a batch of them.
	Keys []string
	Err  error
}

// A Call is an event, taken apart.
type Call struct {
	Kind     string
	Requests []Request
}

// record is what is read of an entry of Records.
type record struct {
	Source     string            `json:"eventSource"`
	MessageID  string            `json:"messageId"`
	Body       string            `json:"body"`
	Attributes map[string]string `json:"attributes"`
	EventTime  time.Time         `json:"eventTime"`
	S3         struct {
		Object struct {
			Key string `json:"key"`
		} `json:"object"`
	} `json:"s3"`
}

// envelope tells what kind of event there is.
type envelope struct {
	Records []json.RawMessage `json:"Records"`
	Source  string            `json:"source"`
	Event   string            `json:"Event"` // of a test message that storage sends: "s3:TestEvent"
	Time    time.Time         `json:"time"`
	Detail  json.RawMessage   `json:"detail"`
}

// Decode takes an event for train or predict apart. The error is a *FieldError:
// of the whole event; what is wrong with one message is in its request.
func Decode(data []byte) (Call, error) {
	e, err := open(data)
	if err != nil {
		return Call{}, err
	}
	switch {
	case len(e.Records) > MaxMessages:
		return Call{}, Fieldf("Records", "has %d entries; the limit is %d", len(e.Records), MaxMessages)
	case len(e.Records) > 0:
		return decodeRecords(e.Records)
	case e.Source != "" && e.Detail != nil: // EventBridge: the batch is its detail
		r := decodeBatch(e.Detail)
		if r.Batch.Until.IsZero() {
			r.Batch.Until = e.Time
		}
		return Call{Kind: Schedule, Requests: []Request{r}}, r.Err
	case e.Event == "s3:TestEvent":
		return Call{Kind: Storage}, nil
	}
	r := decodeBatch(data)
	return Call{Kind: Direct, Requests: []Request{r}}, r.Err
}

func open(data []byte) (e envelope, err error) {
	if len(data) > MaxBytes {
		return e, Fieldf("", "it has %d bytes; the limit is %d", len(data), MaxBytes)
	}
	if err := checkDepth(data); err != nil {
		return e, err
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, Fieldf("", "it is no JSON of this kind: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return e, nil
}

func decodeBatch(data []byte) (r Request) {
	if r.Err = Strict(data, &r.Batch); r.Err == nil {
		r.Err = r.Batch.Check()
	}
	return r
}

func decodeRecords(records []json.RawMessage) (Call, error) {
	var call Call
	storage := Request{}
	for i, raw := range records {
		var rec record
		field := "Records[" + strconv.Itoa(i) + "]"
		if err := json.Unmarshal(raw, &rec); err != nil {
			return Call{}, Fieldf(field, "cannot be read: %v", err)
		}
		kind := strings.TrimPrefix(rec.Source, "aws:")
		if call.Kind == "" {
			call.Kind = kind
		}
		switch {
		case kind != call.Kind || kind != Queue && kind != Storage:
			return Call{}, Fieldf(field+".eventSource", "is %s; it is aws:sqs or aws:s3, the same in all records", quote(rec.Source))
		case kind == Queue && rec.MessageID == "":
			return Call{}, Fieldf(field+".messageId", "is empty")
		case kind == Queue:
			call.Requests = append(call.Requests, message(rec))
		default:
			if err := storage.notice(field, rec); err != nil {
				return Call{}, err
			}
		}
	}
	if call.Kind == Storage {
		call.Requests = []Request{storage}
	}
	return call, nil
}

// notice adds the object that a notification names. Keys come escaped.
func (r *Request) notice(field string, rec record) error {
	key, err := url.QueryUnescape(rec.S3.Object.Key)
	if err != nil || key == "" {
		return Fieldf(field+".s3.object.key", "is %s, which is no key", quote(rec.S3.Object.Key))
	}
	r.Keys = append(r.Keys, key)
	if r.Batch.Until.Before(rec.EventTime) {
		r.Batch.Until = rec.EventTime
	}
	return nil
}

// message decodes a message of a queue: a batch, or a notification of storage.
func message(rec record) (r Request) {
	body := []byte(rec.Body)
	e, err := open(body)
	switch {
	case err != nil:
		r.Err = err
	case e.Event == "s3:TestEvent":
	case len(e.Records) > 0:
		var call Call
		if call, r.Err = decodeRecords(e.Records); r.Err == nil {
			if call.Kind != Storage {
				r.Err = Fieldf("Records", "in a message are notifications of storage")
			} else {
				r = call.Requests[0]
			}
		}
	default:
		r = decodeBatch(body)
	}
	r.ID = rec.MessageID
	if r.Batch.Until.IsZero() { // a message that comes again is the same one
		if ms, err := strconv.ParseInt(rec.Attributes["SentTimestamp"], 10, 64); err == nil {
			r.Batch.Until = time.UnixMilli(ms).UTC().Truncate(time.Second)
		}
	}
	return r
}
