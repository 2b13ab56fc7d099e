package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// A question is one line of JSON; what it holds besides the operation is the operation's own.
type operation func(line []byte) (any, error)

var operations = map[string]operation{
	"decide":       decide,
	"covers":       covers,
	"covers-bench": coversBench,
	"validate":     validate,
	"yaml":         readYAML,
}

// answerAll reads questions, one a line, and answers each with one line. A question that cannot be answered gets
// {"error": …}; the next one is read all the same.
func answerAll(in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(writer)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil && err != io.EOF {
			return err
		}
		answer, err := answer(line)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
		if err := writer.Flush(); err != nil {
			return err
		}
	}
}

func answer(line []byte) (any, error) {
	var question struct {
		Op string `json:"op"`
	}
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, err
	}
	run, known := operations[question.Op]
	if !known {
		return nil, fmt.Errorf("there is no operation %q", question.Op)
	}
	return run(line)
}
