package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/rbac"
	install "k8s.io/kubernetes/pkg/apis/rbac/install"
	"k8s.io/kubernetes/pkg/apis/rbac/validation"
)

var rbacScheme = func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return scheme
}()

// validate reads an object as strictly as the API server can, defaults it and validates it as a create would.
func validate(line []byte) (any, error) {
	var question struct {
		Object json.RawMessage `json:"object"`
	}
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(rbacScheme, serializer.EnableStrict).UniversalDecoder(rbac.SchemeGroupVersion)
	object, err := runtime.Decode(decoder, question.Object)
	if err != nil {
		return map[string][]string{"errors": {err.Error()}}, nil
	}
	found, err := findings(object)
	if err != nil {
		return nil, err
	}
	errors := make([]string, 0, len(found))
	for _, one := range found {
		errors = append(errors, one.Error())
	}
	return map[string][]string{"errors": errors}, nil
}

func findings(object runtime.Object) (field.ErrorList, error) {
	switch object := object.(type) {
	case *rbac.ClusterRole:
		return validation.ValidateClusterRole(object, validation.ClusterRoleValidationOptions{}), nil
	case *rbac.Role:
		return validation.ValidateRole(object), nil
	case *rbac.ClusterRoleBinding:
		return validation.ValidateClusterRoleBinding(object), nil
	case *rbac.RoleBinding:
		return validation.ValidateRoleBinding(object), nil
	default:
		return nil, fmt.Errorf("%T is none of the four kinds", object)
	}
}
