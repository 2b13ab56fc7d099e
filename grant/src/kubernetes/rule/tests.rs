use super::*;

fn read(text: &str) -> Result<Rule, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn reads_what_it_writes_in_both_forms() {
    for text in [
        r#"{"apiGroups":[""],"resourceNames":["x"],"resources":["pods"],"verbs":["get"]}"#,
        r#"{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}"#,
        r#"{"nonResourceURLs":["/healthz/*"],"verbs":["get"]}"#,
    ] {
        assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), text);
    }
}

#[test]
fn reads_what_the_api_server_stores_as_it_stores_it() {
    for (text, stored) in [
        (
            r#"{"apiGroups":[null],"resources":["pods",null],"verbs":["get"],"resourceNames":null}"#,
            r#"{"apiGroups":[""],"resources":["pods",""],"verbs":["get"]}"#,
        ),
        (
            r#"{"apiGroups":["networking.k8s.io/v1"],"resources":["ingresses"],"verbs":["get"]}"#,
            r#"{"apiGroups":["networking.k8s.io/v1"],"resources":["ingresses"],"verbs":["get"]}"#,
        ),
        (
            r#"{"apiGroups":null,"resources":null,"nonResourceURLs":["/"],"verbs":["get"],"attributeRestrictions":null}"#,
            r#"{"nonResourceURLs":["/"],"verbs":["get"]}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), stored);
    }
}

#[test]
fn refuses_what_the_api_server_would_not_store() {
    for (text, error) in [
        (r#"{"apiGroups":[""],"resources":["pods"],"verbs":[]}"#, RuleError::NoVerbs),
        (r#"{"resources":["pods"],"verbs":["get"]}"#, RuleError::NoApiGroups),
        (r#"{"apiGroups":[""],"verbs":["get"]}"#, RuleError::NoResources),
        (r#"{"resourceNames":["x"],"nonResourceURLs":["/"],"verbs":["get"]}"#, RuleError::Mixed),
        (
            r#"{"apiGroups":[""],"resources":["pods"],"verbs":["get"],"attributeRestrictions":{"kind":"x"}}"#,
            RuleError::AttributeRestrictions,
        ),
    ] {
        let answer = read(text).unwrap_err();
        assert!(answer.starts_with(&error.to_string()), "{text}: {answer}");
    }
    assert!(read(r#"{"verb":["get"]}"#).unwrap_err().contains("unknown field"));
}
