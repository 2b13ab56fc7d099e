package main

import (
	"encoding/json"
	"fmt"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
)

type pair struct {
	Owner      []rbacv1.PolicyRule `json:"owner"`
	Servant    []rbacv1.PolicyRule `json:"servant"`
	Iterations int                 `json:"iterations"`
}

// covers is the API server's own escalation check.
func covers(line []byte) (any, error) {
	var question pair
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, err
	}
	covered, uncovered := validation.Covers(question.Owner, question.Servant)
	return map[string]any{"covers": covered, "uncovered": uncovered}, nil
}

// coversBench times the same check, alone in its process.
func coversBench(line []byte) (any, error) {
	var question pair
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, err
	}
	if question.Iterations < 1 {
		return nil, fmt.Errorf("iterations must be at least 1")
	}
	started := time.Now()
	for range question.Iterations {
		validation.Covers(question.Owner, question.Servant)
	}
	return map[string]float64{"nanos_per_call": float64(time.Since(started).Nanoseconds()) / float64(question.Iterations)}, nil
}
