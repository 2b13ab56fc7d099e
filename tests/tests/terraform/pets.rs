//! The plugin library by itself: its example provider, with both tools. No Kubernetes here.

use p0_tests::terraform::{Debugged, Plugin, Tool, Workspace, unwrapped};

const PET: &str = "pets_pet.rex";

fn configured(workspace: &Workspace, body: &str) {
    let shelter = workspace.path("shelter");
    workspace.configure(&format!("provider \"pets\" {{\n  shelter = \"{}\"\n}}\n{body}", shelter.display()));
}

fn pet(rest: &str) -> String {
    format!("resource \"pets_pet\" \"rex\" {{\n  species = \"dog\"\n  {rest}\n}}\n")
}

#[test]
fn a_life() {
    for tool in Tool::BOTH {
        let workspace = Workspace::new(tool, Plugin::Pets);
        configured(&workspace, &pet("name = \"Rex\"\nchip = \"12-34\""));
        let plan = workspace.plan(&[]).ended(2);
        assert_eq!(
            (plan.after(PET)["color"].as_str(), &plan.unknown(PET)["id"]),
            (Some("brown"), &true.into())
        );
        workspace.apply_plan().done();
        let state = workspace.state_of(PET);
        assert!(
            state["chip"].is_null() && !workspace.state_text().contains("12-34"),
            "write-only is never kept"
        );
        workspace.plan(&[]).ended(0);
        // The same name in other letters is kept as it was, and nothing is done.
        configured(&workspace, &pet("name = \"REX\"\nchip = \"12-34\""));
        workspace.plan(&[]).ended(0);
        configured(&workspace, &pet("name = \"Rex\"\ncolor = \"black\""));
        assert_eq!(workspace.plan(&[]).ended(2).actions(PET), ["update"]);
        workspace.apply_plan().done();
        configured(&workspace, &pet("name = \"Rex\"\ncolor = \"black\"").replace("dog", "tiger"));
        let plan = workspace.plan(&[]).ended(2);
        assert_eq!(plan.actions(PET), ["delete", "create"]);
        assert!(unwrapped(&plan.said).contains("Warning: Not every pet is a good idea"), "{}", plan.said);
        workspace.apply_plan().done();
        let id = workspace.state_of(PET)["id"].as_str().expect("an id").to_owned();
        workspace.run(&["state", "rm", PET]).done();
        workspace.run(&["import", PET, &id]).done();
        workspace.plan(&[]).ended(0);
        // What another client deleted is created again.
        std::fs::remove_dir_all(workspace.path("shelter")).expect("removed");
        assert_eq!(workspace.plan(&[]).ended(2).actions(PET), ["create"]);
        workspace.apply_plan().done();
        workspace.destroy().done();
    }
}

#[test]
fn a_wrong_name_is_shown_where_it_stands() {
    let workspace = Workspace::new(Tool::Terraform, Plugin::Pets);
    configured(&workspace, &pet("name = \"\""));
    let said = unwrapped(&workspace.run(&["validate"]).ended(1));
    assert!(said.contains("A pet needs a name") && said.contains(": name = \"\""), "{said}");
}

#[test]
fn a_function_is_called_and_says_which_argument_is_wrong() {
    for tool in Tool::BOTH {
        let workspace = Workspace::new(tool, Plugin::Pets);
        configured(&workspace, "output \"greeting\" {\n  value = provider::pets::greet(\"Rex\")\n}\n");
        workspace.apply().done();
        assert_eq!(workspace.output("greeting"), "Hello, Rex!");
        configured(&workspace, "output \"greeting\" {\n  value = provider::pets::greet(\"\")\n}\n");
        assert!(unwrapped(&workspace.apply().ended(1)).contains("a pet needs a name"));
    }
}

#[test]
fn a_running_provider_is_attached_to() {
    for tool in Tool::BOTH {
        // The example keeps to the shelter that it was first configured with.
        let debugged = Debugged::start(Plugin::Pets, &[]);
        let workspace = Workspace::attached(tool, &debugged);
        configured(&workspace, &pet("name = \"Rex\""));
        workspace.apply().done();
        workspace.destroy().done();
    }
}

#[test]
fn without_tls_and_with_large_values() {
    let mut workspace = Workspace::new(Tool::Terraform, Plugin::Pets);
    workspace.set("TF_DISABLE_PLUGIN_TLS", "1");
    configured(
        &workspace,
        &pet("name = join(\"\", [for _ in range(700) : join(\"\", [for _ in range(1000) : \"0123456\"])])"),
    );
    workspace.apply().done();
    workspace.plan(&[]).ended(0);
}

#[test]
fn ctrl_c_is_told_and_what_was_made_is_kept() {
    let workspace = Workspace::new(Tool::Terraform, Plugin::Pets);
    configured(&workspace, &pet("name = \"Rex\"\nsettles_in = 3600"));
    let run = workspace.start(&["apply", "-auto-approve"]);
    p0_tests::eventually("the pet", || {
        std::fs::read_dir(workspace.path("shelter")).is_ok_and(|all| all.count() > 0)
    });
    run.interrupt();
    let run = run.wait();
    assert!(run.code != 0 && unwrapped(&run.err).contains("Interrupted"), "{}{}", run.out, run.err);
    assert!(workspace.state_of(PET)["id"].is_string(), "no orphan");
    workspace.destroy().done();
}
