package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/foretide/foretide/loader/store"
)

// maxVersions is how many versions of an object Versions returns at most.
const maxVersions = 1000

// Versions implements store.Versioner: the bucket's own versions, the newest 1,000
// at most. It needs the permissions s3:ListBucketVersions and
// s3:GetBucketVersioning.
func (b *Bucket) Versions(ctx context.Context, name string) ([]store.Version, error) {
	out, err := b.versions(ctx, b.key(name))
	switch {
	case err != nil:
	case len(out) == 0:
		err = store.ErrNotFound
	case len(out) == 1 && (out[0].ID == "null" || out[0].ID == ""):
		// From before versioning was enabled, or there is none.
		var on *s3.GetBucketVersioningOutput
		if on, err = b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.config.Bucket}); err == nil && on.Status == "" {
			err = store.ErrNoVersions
		}
	}
	if err != nil {
		return nil, b.fail(ctx, "list the versions of", name, err)
	}
	return out, nil
}

func (b *Bucket) versions(ctx context.Context, key string) (out []store.Version, err error) {
	pages := s3.NewListObjectVersionsPaginator(b.client, &s3.ListObjectVersionsInput{Bucket: &b.config.Bucket, Prefix: &key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for i := range page.Versions {
			v := &page.Versions[i]
			if len(out) == maxVersions || aws.ToString(v.Key) != key { // another name that begins with this one
				return out, nil
			}
			out = append(out, store.Version{ID: aws.ToString(v.VersionId), Size: aws.ToInt64(v.Size), Modified: aws.ToTime(v.LastModified), Current: aws.ToBool(v.IsLatest)})
		}
	}
	return out, nil
}

// GetVersion implements store.Versioner. It needs the permission
// s3:GetObjectVersion.
func (b *Bucket) GetVersion(ctx context.Context, name, id string, limit int64) ([]byte, error) {
	data, _, err := b.read(ctx, "read version "+id+" of", name, limit, &s3.GetObjectInput{
		Bucket: &b.config.Bucket, Key: aws.String(b.key(name)), VersionId: &id, ChecksumMode: types.ChecksumModeEnabled,
	})
	return data, err
}
