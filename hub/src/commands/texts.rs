//! `voordeur texts`: the file of a further language, for somebody to translate.

use super::check;
use crate::{
    city,
    cli::TextsArgs,
    config::Config,
    failure::{Advise as _, Failure},
    output::{count, say},
};
use schemas::{fault::did_you_mean, further, report::Language};

/// Prints it, or writes it into the folder of the city.
pub fn run(args: &TextsArgs, config: &Config) -> anyhow::Result<()> {
    let code = args.language.as_str();
    let known = Language::parse(code).filter(|language| language.as_str() == code);
    let language = known.ok_or_else(|| {
        let help = "write the two letters of ISO 639-1, for instance `de` for German";
        Failure::usage(format!("`{code}` is no language"), help)
    })?;
    if language.is_built_in() {
        let help = format!("write only the texts that you want to change into {}", further::file_of(language));
        return Err(Failure::usage(format!("`{code}` is built in: everything is said in it"), help).into());
    }
    let built_in = Language::BUILT_IN.map(Language::as_str);
    let from = Language::BUILT_IN.into_iter().find(|from| from.as_str() == args.from).ok_or_else(|| {
        Failure::usage(format!("--from: `{}` is not built in", args.from), did_you_mean(&args.from, built_in))
    })?;
    let folder = check::folder(args.city.clone(), config);
    let reading = city::read(folder.as_deref())?;
    let file = further::file_of(language);
    let have = reading.files.get(&file).map_or("", AsRef::as_ref);
    if have.contains(char::REPLACEMENT_CHARACTER) {
        let help = "save it as UTF-8 first: `voordeur check` shows the first letter that is not";
        return Err(Failure::new(format!("{file} is in another encoding than UTF-8"), help).into());
    }
    // What is wrong with the file itself keeps nobody from writing it again.
    let Some(city) = &reading.city else { return reading.good().map(drop) };
    let made = web::texts_to_translate(city, have, language, from);
    if !args.write {
        say!("{}", made.text.trim_end());
        return Ok(());
    }
    let Some(folder) = folder else {
        let help = "name the folder of your city: --city DIR";
        return Err(Failure::usage("the built-in sample city cannot be written to", help).into());
    };
    // What was there before the last change stays beside it, however often it is written.
    let changed = !have.is_empty() && have != made.text;
    let path = folder.join(&file);
    // Files that begin with a dot are no part of a city.
    let [new, old] = ["new", "old"].map(|what| path.with_file_name(format!(".{code}.ftl.{what}")));
    let written = std::fs::create_dir_all(folder.join(further::FOLDER))
        .and_then(|()| std::fs::write(&new, &made.text))
        .and_then(|()| if changed { std::fs::copy(&path, &old).map(drop) } else { Ok(()) })
        .and_then(|()| std::fs::rename(&new, &path));
    written.advise(format!("{} cannot be written", path.display()), "see whether you may write in the folder")?;
    let left = count((made.all - made.translated) as u64, "text");
    say!("{}: {} translated, {left} to go, each behind `# `", path.display(), made.translated);
    if changed {
        say!("As it was before: {}", old.display());
    }
    Ok(())
}
