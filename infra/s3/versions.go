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
	const op = "list the versions of"
	on, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.config.Bucket})
	if err != nil {
		return nil, b.fail(ctx, op, name, err)
	}
	if on.Status == "" { // never enabled; a suspended bucket has what it kept before
		return nil, b.fail(ctx, op, name, store.ErrNoVersions)
	}
	key := b.key(name)
	var out []store.Version
	pages := s3.NewListObjectVersionsPaginator(b.client, &s3.ListObjectVersionsInput{Bucket: &b.config.Bucket, Prefix: &key})
	for pages.HasMorePages() && len(out) < maxVersions {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.fail(ctx, op, name, err)
		}
		for i := range page.Versions {
			v := &page.Versions[i]
			if aws.ToString(v.Key) > key { // another name that begins with this one
				return b.listed(ctx, op, name, out)
			}
			out = append(out, store.Version{ID: aws.ToString(v.VersionId), Size: aws.ToInt64(v.Size), Modified: aws.ToTime(v.LastModified), Current: aws.ToBool(v.IsLatest)})
		}
	}
	return b.listed(ctx, op, name, out)
}

func (b *Bucket) listed(ctx context.Context, op, name string, out []store.Version) ([]store.Version, error) {
	if len(out) == 0 {
		return nil, b.fail(ctx, op, name, store.ErrNotFound)
	}
	return out[:min(len(out), maxVersions)], nil
}

// GetVersion implements store.Versioner. It needs the permission
// s3:GetObjectVersion.
func (b *Bucket) GetVersion(ctx context.Context, name, id string, limit int64) ([]byte, error) {
	data, _, err := b.read(ctx, "read version "+id+" of", name, limit, &s3.GetObjectInput{
		Bucket: &b.config.Bucket, Key: aws.String(b.key(name)), VersionId: &id, ChecksumMode: types.ChecksumModeEnabled,
	})
	return data, err
}
