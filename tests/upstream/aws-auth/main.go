// AWS's own reader of the ConfigMap aws-auth, behind JSON lines: what an EKS cluster makes of the ConfigMap's data.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"
)

// An answer is every mapping that the cluster keeps, and what the reader complains about. It keeps what it could read
// of a broken key, so mappings and an error may stand side by side.
type answer struct {
	Users    []config.UserMapping `json:"users"`
	Roles    []config.RoleMapping `json:"roles"`
	Accounts []string             `json:"accounts"`
	Error    string               `json:"error,omitempty"`
}

func main() {
	logrus.SetOutput(io.Discard)
	if err := answerAll(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A question is one line of JSON: the `data` of the ConfigMap.
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
		var data map[string]string
		if err := json.Unmarshal(line, &data); err != nil {
			return err
		}
		if err := encoder.Encode(read(data)); err != nil {
			return err
		}
	}
}

// read never panics: what the reader does on bad input is part of the answer.
func read(data map[string]string) (said answer) {
	defer func() {
		if problem := recover(); problem != nil {
			said = answer{Error: fmt.Sprint("panic: ", problem)}
		}
	}()
	users, roles, accounts, err := configmap.ParseMap(data)
	said = answer{Users: users, Roles: roles, Accounts: accounts}
	if err != nil {
		said.Error = err.Error()
	}
	return said
}
