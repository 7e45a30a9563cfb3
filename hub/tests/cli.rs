//! The command line: it explains itself.

use clap::{CommandFactory as _, Parser as _};
use hub::cli::{Cli, Command, Role};

fn help(of: &[&str]) -> String {
    let mut args = vec!["voordeur"];
    args.extend(of);
    args.push("--help");
    Cli::try_parse_from(args).unwrap_err().to_string()
}

#[test]
fn is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn help_shows_where_to_begin() {
    let help = help(&[]);
    for part in
        ["voordeur demo", "VOORDEUR__WEB__LISTEN", "Exit codes:", "serve", "dead", "broker", "rules", "completions"]
    {
        assert!(help.contains(part), "{part} is missing in\n{help}");
    }
}

#[test]
fn every_command_says_what_it_does() {
    fn walk(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "`{path}` has no words about it");
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "`{path}` does not explain {}", arg.get_id());
        }
        command.get_subcommands().for_each(|inner| walk(inner, &path));
    }
    walk(&Cli::command(), "");
}

#[test]
fn roles_are_read_once_each_and_refused_with_the_list() {
    let roles = |text: &str| match Cli::try_parse_from(["voordeur", "serve", "--roles", text]).map(|cli| cli.command) {
        Ok(Command::Serve(args)) => Ok(args.roles()),
        Ok(_) => unreachable!(),
        Err(error) => Err(error.to_string()),
    };
    assert_eq!(roles("router,web,router").unwrap(), [Role::Web, Role::Router]);
    assert!(roles("wbe").unwrap_err().contains("web, router, notifier, adapters"));
    let Command::Serve(all) = Cli::try_parse_from(["voordeur", "serve"]).unwrap().command else { unreachable!() };
    assert_eq!(all.roles(), Role::ALL);
}

#[test]
fn json_needs_once() {
    assert!(Cli::try_parse_from(["voordeur", "demo", "--json"]).unwrap_err().to_string().contains("--once"));
}
