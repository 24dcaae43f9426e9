package prometheus

import (
	"regexp"
	"strings"

	"github.com/foretide/foretide/core/series"
)

// A name says what a series of the server is about.
type name struct {
	container string // as in the rows; "" where the series is about no container
	// pod is "namespace/pod" where the value is of a whole pod, whose
	// containers share it: the network in Kubernetes.
	pod string
	// member is the pod of a container, where there is one.
	member string
	host   string // of a Docker container, whose name is unique on its host alone
}

// A namer turns labels into names.
type namer struct {
	by            string
	hosts         bool
	preset        string
	label         string // of the user's queries
	workloadLabel string
	owners        map[string]string // "namespace/pod" → workload
}

// lineBreaks become spaces in names: a line break would end a row for a reader
// that goes by lines.
var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")

// name returns what the labels name, for a column.
func (n *namer) name(c column, m labels) name {
	get := func(label string) string { return lineBreaks.Replace(m[label]) }
	if c.custom && n.label != "" {
		return name{container: get(n.label)}
	}
	if n.preset == NodeExporter && !c.custom {
		return name{container: get("instance")}
	}
	k := kubernetesLabels(get)
	switch {
	case k.pod != "":
		return n.kubernetes(k, c, get)
	case get("name") != "":
		return n.docker(get("name"), get)
	case shortID(get("id")) != "" && !c.custom:
		return n.docker(shortID(get("id")), get)
	case c.custom:
		// A query of the user's own: what its result is grouped by.
		for _, label := range []string{"container", "container_name", "workload", "service", "job_name", "instance"} {
			if v := get(label); v != "" {
				return name{container: v}
			}
		}
	}
	return name{}
}

type kubernetesName struct{ namespace, pod, container string }

var (
	// kubeletName is how the kubelet names a container of Docker:
	// k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT.
	kubeletName = regexp.MustCompile(`^k8s_([^_]+)_([^_]+)_([^_]+)_[^_]+_[0-9]+$`)
	// containerGroup is the control group of a container, by any runtime:
	// /docker/ID, /system.slice/docker-ID.scope, /kubepods/…/ID. Those of
	// conmon, which watches a container, are not.
	containerGroup = regexp.MustCompile(`^.*/(?:[a-z-]+-)?([0-9a-f]{12})[0-9a-f]{52}(?:\.scope)?$`)
)

// shortID returns the first twelve digits of a container's number, as Docker
// prints it, from the name of its control group; "" where that is none.
func shortID(group string) string {
	m := containerGroup.FindStringSubmatch(group)
	if m == nil || strings.Contains(group, "conmon-") {
		return ""
	}
	return m[1]
}

// kubernetesLabels reads the conventions of Kubernetes. Where cAdvisor runs on
// its own, as a pod, the plain labels are those of cAdvisor's own pod: the
// container's come first.
func kubernetesLabels(get func(string) string) kubernetesName {
	prefix := labelPrefix + "io_kubernetes_"
	if pod := get(prefix + "pod_name"); pod != "" {
		return kubernetesName{get(prefix + "pod_namespace"), pod, get(prefix + "container_name")}
	}
	if m := kubeletName.FindStringSubmatch(get("name")); m != nil {
		return kubernetesName{m[3], m[2], m[1]}
	}
	if pod := get("exported_pod"); pod != "" {
		return kubernetesName{get("exported_namespace"), pod, get("exported_container")}
	}
	if pod := get("pod"); pod != "" {
		return kubernetesName{get("namespace"), pod, get("container")}
	}
	return kubernetesName{get("namespace"), get("pod_name"), get("container_name")}
}

func (n *namer) kubernetes(k kubernetesName, c column, get func(string) string) name {
	id := k.pod
	if k.namespace != "" {
		id = k.namespace + "/" + k.pod
	}
	wholePod := k.container == "" || k.container == "POD"
	network := c.metric == series.NetRx || c.metric == series.NetTx
	if wholePod && !network && !c.custom {
		// The pod's total, whose containers have series of their own, or the
		// pause container, which only holds the network.
		return name{}
	}
	switch n.by {
	case byPod:
		return name{container: id}
	case byWorkload:
		w := n.workload(id, k, get)
		if k.namespace != "" {
			w = k.namespace + "/" + w
		}
		return name{container: w}
	}
	if wholePod {
		return name{pod: id}
	}
	return name{container: id + "/" + k.container, member: id}
}

// workload returns the name of what the pod belongs to: by a label of the
// series, by its owner, or by the form of the pod's name.
func (n *namer) workload(id string, k kubernetesName, get func(string) string) string {
	for _, label := range []string{n.workloadLabel, "workload"} {
		if v := get(label); label != "" && v != "" {
			return v
		}
	}
	if v := get("owner_name"); v != "" {
		return ownerWorkload(get("owner_kind"), v)
	}
	if v := n.owners[id]; v != "" {
		return v
	}
	return workloadOf(k.pod)
}

// docker names a container by its name or, by workload, by its service.
func (n *namer) docker(container string, get func(string) string) name {
	out := name{container: container, host: get("instance")}
	if n.by == byWorkload {
		out.container = dockerWorkload(out.container, n.workloadLabel, get)
		out.host = "" // a service may well run on several
	}
	if n.hosts && get("instance") != "" {
		out.container, out.host = get("instance")+"/"+out.container, ""
	}
	return out
}

func dockerWorkload(container, label string, get func(string) string) string {
	if v := get(label); label != "" && v != "" {
		return v
	}
	if v := get(labelPrefix + "com_docker_swarm_service_name"); v != "" {
		return v
	}
	if v := get(labelPrefix + "com_docker_compose_service"); v != "" {
		if p := get(labelPrefix + "com_docker_compose_project"); p != "" {
			return p + "/" + v
		}
		return v
	}
	return dockerReplica.ReplaceAllString(container, "")
}

// Names that workloads give. Kubernetes draws random parts from an alphabet
// without vowels and look-alikes, so that few words match by chance.
const randomPart = `[bcdfghjklmnpqrstvwxz2456789]`

var (
	replicaSet = regexp.MustCompile(`^(.+)-` + randomPart + `{7,10}$`)
	// deployment: name-TEMPLATEHASH-RANDOM; cron job: name-MINUTES-RANDOM
	deploymentPod = regexp.MustCompile(`^(.+)-(?:` + randomPart + `{7,10}|[0-9]{8,10})-` + randomPart + `{5}$`)
	// daemon set or job: name-RANDOM; stateful set: name-ORDINAL
	simplePod = regexp.MustCompile(`^(.+)-(?:` + randomPart + `{5}|[0-9]+)$`)
	cronJob   = regexp.MustCompile(`^(.+)-[0-9]{8,10}$`)
	// compose: name-1 or name_1; swarm: name.1.ID
	dockerReplica = regexp.MustCompile(`(?:[-_][0-9]+|\.[0-9]+\.[a-z0-9]{25})$`)
)

// workloadOf derives from a pod's name the workload that made it: "web" of
// web-7d9c5b6f4-x2x7k (deployment), web-x2x7k (daemon set), web-0 (stateful
// set) and web-28391040-x2x7k (cron job).
func workloadOf(pod string) string {
	for _, form := range []*regexp.Regexp{deploymentPod, simplePod} {
		if m := form.FindStringSubmatch(pod); m != nil {
			return m[1]
		}
	}
	return pod
}

// ownerWorkload returns the workload above the owner of a pod: the deployment
// of a replica set, the cron job of a job.
func ownerWorkload(kind, owner string) string {
	form := cronJob
	switch kind {
	case "ReplicaSet", "ReplicationController":
		form = replicaSet
	case "Job":
	default:
		return owner
	}
	if m := form.FindStringSubmatch(owner); m != nil {
		return m[1]
	}
	return owner
}

// ownersOf reads the series of kube_pod_owner.
func ownersOf(sets []labels) map[string]string {
	out := make(map[string]string)
	for _, s := range sets {
		pod, owner, ns := s["pod"], s["owner_name"], s["namespace"]
		if v := s["exported_pod"]; v != "" { // the plain labels are kube-state-metrics' own
			pod, ns = v, s["exported_namespace"]
		}
		if pod == "" || owner == "" || owner == "<none>" {
			continue
		}
		id := pod
		if ns != "" {
			id = ns + "/" + pod
		}
		out[id] = ownerWorkload(s["owner_kind"], strings.TrimSpace(owner))
	}
	return out
}
