package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
)

const (
	asker    = "asker"
	roleName = "role"
)

// A binding of the one role to the one user: kind ClusterRoleBinding, or RoleBinding with a namespace.
type binding struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
}

// A world is what the authorizer looks things up in: one ClusterRole and one binding of it.
type world struct {
	role    *rbacv1.ClusterRole
	cluster []*rbacv1.ClusterRoleBinding
	bound   []*rbacv1.RoleBinding
}

func newWorld(rules []rbacv1.PolicyRule, binding binding) *world {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: roleName}, Rules: rules}
	reference := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: roleName}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: asker}}
	meta := metav1.ObjectMeta{Name: "binding", Namespace: binding.Namespace}
	if binding.Kind == "RoleBinding" {
		return &world{role: role, bound: []*rbacv1.RoleBinding{{ObjectMeta: meta, RoleRef: reference, Subjects: subjects}}}
	}
	return &world{role: role, cluster: []*rbacv1.ClusterRoleBinding{{ObjectMeta: meta, RoleRef: reference, Subjects: subjects}}}
}

func (w *world) GetRole(context.Context, string, string) (*rbacv1.Role, error) {
	return nil, fmt.Errorf("there are no Roles")
}

func (w *world) GetClusterRole(context.Context, string) (*rbacv1.ClusterRole, error) {
	return w.role, nil
}

func (w *world) ListClusterRoleBindings(context.Context) ([]*rbacv1.ClusterRoleBinding, error) {
	return w.cluster, nil
}

func (w *world) ListRoleBindings(_ context.Context, namespace string) ([]*rbacv1.RoleBinding, error) {
	var here []*rbacv1.RoleBinding
	for _, binding := range w.bound {
		if binding.Namespace == namespace {
			here = append(here, binding)
		}
	}
	return here, nil
}

// attributes reads [verb, group, resource, subresource, namespace, name], or [verb, path] for a path outside resources.
func attributes(request []string) (authorizer.Attributes, error) {
	record := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: asker}}
	switch len(request) {
	case 6:
		record.ResourceRequest = true
		record.Verb, record.APIGroup, record.Resource = request[0], request[1], request[2]
		record.Subresource, record.Namespace, record.Name = request[3], request[4], request[5]
	case 2:
		record.Verb, record.Path = request[0], request[1]
	default:
		return nil, fmt.Errorf("a request has 6 or 2 parts, not %d", len(request))
	}
	return record, nil
}

// decide asks Kubernetes' own RBAC authorizer. For each of role_sets it answers with one string, a digit a request:
// 1 for allowed, 0 for not.
func decide(line []byte) (any, error) {
	var question struct {
		RoleSets []struct {
			Rules   []rbacv1.PolicyRule `json:"rules"`
			Binding binding             `json:"binding"`
		} `json:"role_sets"`
		Requests [][]string `json:"requests"`
	}
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, err
	}
	requests := make([]authorizer.Attributes, 0, len(question.Requests))
	for _, request := range question.Requests {
		record, err := attributes(request)
		if err != nil {
			return nil, err
		}
		requests = append(requests, record)
	}
	answers := make([]string, len(question.RoleSets))
	errors := make([]error, len(question.RoleSets))
	var waiting sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for index, set := range question.RoleSets {
		waiting.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; waiting.Done() }()
			answers[index], errors[index] = decideAll(newWorld(set.Rules, set.Binding), requests)
		}()
	}
	waiting.Wait()
	for _, err := range errors {
		if err != nil {
			return nil, err
		}
	}
	return map[string][]string{"allowed": answers}, nil
}

func decideAll(world *world, requests []authorizer.Attributes) (string, error) {
	judge := rbac.New(world, world, world, world)
	digits := make([]byte, len(requests))
	for index, request := range requests {
		decision, _, err := judge.Authorize(context.Background(), request)
		if err != nil {
			return "", err
		}
		digits[index] = '0'
		if decision == authorizer.DecisionAllow {
			digits[index] = '1'
		}
	}
	return string(digits), nil
}
