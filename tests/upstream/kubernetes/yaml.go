package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// readYAML reads a text with each of the three readers that kubectl, Argo CD and Flux use. Scalars that are not strings
// come back as {"!": "type: value"}, so that a `no` that was read as false is told from the text "no".
func readYAML(line []byte) (any, error) {
	var question struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, err
	}
	return map[string]any{
		"sigs": withSigs(question.Text),
		"v2":   withDecoder(yamlv2.NewDecoder(strings.NewReader(question.Text))),
		"v3":   withDecoder(yamlv3.NewDecoder(strings.NewReader(question.Text))),
	}, nil
}

type decoder interface {
	Decode(into any) error
}

func withDecoder(documents decoder) any {
	all := []any{}
	for {
		var document any
		err := documents.Decode(&document)
		if err == io.EOF {
			return all
		}
		if err != nil {
			return map[string]string{"error": err.Error()}
		}
		all = append(all, tagged(document))
	}
}

// kubectl splits documents at lines that begin with `---` and reads each one strictly.
func withSigs(text string) any {
	all := []any{}
	for _, part := range strings.Split("\n"+text, "\n---\n") {
		var document any
		if err := sigsyaml.UnmarshalStrict([]byte(part), &document); err != nil {
			return map[string]string{"error": err.Error()}
		}
		all = append(all, tagged(document))
	}
	return all
}

func tagged(value any) any {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		list := make([]any, 0, len(value))
		for _, one := range value {
			list = append(list, tagged(one))
		}
		return list
	case map[string]any:
		named := make(map[string]any, len(value))
		for key, one := range value {
			named[key] = tagged(one)
		}
		return named
	case map[any]any:
		named := make(map[string]any, len(value))
		for key, one := range value {
			name, isText := key.(string)
			if !isText {
				name = fmt.Sprintf("!%T: %v", key, key)
			}
			named[name] = tagged(one)
		}
		return named
	default:
		return map[string]string{"!": fmt.Sprintf("%T: %v", value, value)}
	}
}
