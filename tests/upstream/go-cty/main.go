// An oracle for Terraform's values: Terraform's own library reads a value in one encoding and says it in all of them.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

// A question is one line of JSON: a type in its JSON form, and a value in one of the two encodings.
type question struct {
	Type    json.RawMessage `json:"type"`
	Msgpack []byte          `json:"msgpack"`
	JSON    *string         `json:"json"`
}

// An answer is the value in both encodings and in Go's words, which are equal exactly where two values are.
// JSON has no word for what is not yet known; it is absent then.
type answer struct {
	Type    json.RawMessage `json:"type,omitempty"`
	Words   string          `json:"words,omitempty"`
	Msgpack []byte          `json:"msgpack,omitempty"`
	JSON    *string         `json:"json,omitempty"`
	Error   string          `json:"error,omitempty"`
}

func main() {
	if err := answerAll(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answerAll(in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	encoder := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := encoder.Encode(reply(line)); err != nil {
			return err
		}
	}
}

// reply never panics: what the library does on bad input is part of the answer.
func reply(line []byte) (said answer) {
	defer func() {
		if problem := recover(); problem != nil {
			said = answer{Error: fmt.Sprint("panic: ", problem)}
		}
	}()
	said, err := read(line)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return said
}

func read(line []byte) (answer, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, err
	}
	of, err := ctyjson.UnmarshalType(asked.Type)
	if err != nil {
		return answer{}, err
	}
	var value cty.Value
	if asked.JSON != nil {
		value, err = ctyjson.Unmarshal([]byte(*asked.JSON), of)
	} else {
		value, err = msgpack.Unmarshal(asked.Msgpack, of)
	}
	if err != nil {
		return answer{}, err
	}
	return say(value, of)
}

func say(value cty.Value, of cty.Type) (answer, error) {
	said := answer{Words: value.GoString()}
	var err error
	if said.Type, err = ctyjson.MarshalType(of); err != nil {
		return answer{}, err
	}
	if said.Msgpack, err = msgpack.Marshal(value, of); err != nil {
		return answer{}, err
	}
	if value.IsWhollyKnown() {
		encoded, err := ctyjson.Marshal(value, of)
		if err != nil {
			return answer{}, err
		}
		text := string(encoded)
		said.JSON = &text
	}
	return said, nil
}
