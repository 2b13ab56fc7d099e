//! The shelter: one file of JSON per pet.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

/// An open shelter.
pub(crate) struct Shelter {
    folder: PathBuf,
}

/// What the shelter knows of a pet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) species: String,
    pub(crate) color: String,
}

impl Shelter {
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// Takes a pet in under an id that no other has.
    pub(crate) fn take_in(&self, record: &Record) -> io::Result<String> {
        for number in 1_u32.. {
            let id = format!("pet-{number}");
            match std::fs::File::create_new(self.path(&id)) {
                Ok(_) => return self.write(&id, record).map(|()| id),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("the shelter is full"))
    }

    pub(crate) fn write(&self, id: &str, record: &Record) -> io::Result<()> {
        let Record { name, species, color } = record;
        std::fs::write(self.path(id), json!({ "name": name, "species": species, "color": color }).to_string())
    }

    /// The pet; `None` where it is gone.
    pub(crate) fn find(&self, id: &str) -> io::Result<Option<Record>> {
        let text = match std::fs::read(self.path(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let json: Value = serde_json::from_slice(&text)?;
        let field = |name| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Some(Record { name: field("name"), species: field("species"), color: field("color") }))
    }

    /// Gives a pet away. One that is gone already is no error.
    pub(crate) fn give_away(&self, id: &str) -> io::Result<()> {
        match std::fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The ids of all pets, in order.
    pub(crate) fn ids(&self) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        let names: Vec<Option<String>> = names.collect::<io::Result<_>>()?;
        let ids =
            names.into_iter().flatten().filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
        let mut ids: Vec<String> = ids.collect();
        ids.sort();
        Ok(ids)
    }

    /// Where something else of the shelter is kept.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.file(&format!("{id}.json"))
    }
}
