{{/* The image, by digest where one is given. */}}
{{- define "p0.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{/* The labels that select a part's pods: (dict "part" NAME "root" $). */}}
{{- define "p0.selector" -}}
app.kubernetes.io/name: p0-gitops
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{/* The labels of a part's objects. */}}
{{- define "p0.labels" -}}
{{ include "p0.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{/* The security of every pod and container: what the `restricted` standard asks for. */}}
{{- define "p0.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}
{{- define "p0.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What a part that reads Git finds in its environment: (dict "part" VALUES). */}}
{{- define "p0.environment" -}}
{{- range $name, $value := .part.environment }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $key := .part.secretEnvironment }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $.part.secret }}
      key: {{ $key }}
{{- end }}
# Git's clones, and the user's known_hosts.
- name: XDG_CACHE_HOME
  value: /cache
- name: TMPDIR
  value: /cache
- name: HOME
  value: /home/p0
{{- end -}}
{{- define "p0.gitMounts" -}}
- name: secrets
  mountPath: /secrets
  readOnly: true
- name: home
  mountPath: /home/p0/.ssh
  readOnly: true
- name: cache
  mountPath: /cache
{{- end -}}
{{- define "p0.gitVolumes" -}}
# The files are root's, and the pod's group reads them: a signing key that others can read is refused.
- name: secrets
  secret:
    secretName: {{ .part.secret }}
    # 0440 in decimal, which every YAML reads alike.
    defaultMode: 288
    items:
    {{- range .part.secretFiles }}
    - key: {{ . }}
      path: {{ . }}
    {{- end }}
- name: home
  configMap:
    name: {{ .root.Release.Name }}-known-hosts
- name: cache
  emptyDir: {}
{{- end -}}
