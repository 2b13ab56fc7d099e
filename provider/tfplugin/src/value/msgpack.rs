//! Values as bytes between Terraform and a provider: MessagePack, with two extensions for what is unknown.
//!
//! Source: <https://github.com/hashicorp/terraform/blob/main/docs/plugin-protocol/object-wire-format.md>.

use super::codec::index;
use super::{CodecError, Problem, Type, Value};

mod read;
mod write;

/// The extension of a value of which nothing is known.
const UNKNOWN: i8 = 0;
/// The extension of a value with refinements.
const REFINED: i8 = 12;

/// Keys of the refinements' map.
mod key {
    pub(super) const NULLNESS: u64 = 1;
    pub(super) const PREFIX: u64 = 2;
    pub(super) const AT_LEAST: u64 = 3;
    pub(super) const AT_MOST: u64 = 4;
    pub(super) const MIN_LENGTH: u64 = 5;
    pub(super) const MAX_LENGTH: u64 = 6;
}

/// Reads a value of type `of`.
///
/// # Errors
/// [`CodecError`] where the bytes are no such value.
///
/// ```
/// use tfplugin::value::{Type, Value, msgpack};
///
/// let value = Value::string("x");
/// let bytes = msgpack::write(&value, &Type::String).unwrap();
/// assert_eq!(msgpack::read(&bytes, &Type::String), Ok(value));
/// ```
pub fn read(bytes: &[u8], of: &Type) -> Result<Value, CodecError> {
    let mut reader = read::Reader::new(bytes);
    let value = reader.value(of)?;
    reader.end().map(|()| value)
}

/// Writes `value`, which is of type `of`.
///
/// # Errors
/// [`CodecError`] where it is of another type.
pub fn write(value: &Value, of: &Type) -> Result<Vec<u8>, CodecError> {
    let mut writer = write::Writer::default();
    writer.value(value, of)?;
    Ok(writer.bytes)
}

#[cfg(test)]
mod tests {
    use super::super::{Number, Refinements};
    use super::*;

    #[test]
    fn numbers_take_the_forms_that_terraform_sends() {
        let exact = |text: &str| Value::Number(text.parse().unwrap());
        for (value, bytes) in [
            (exact("2"), &b"\x02"[..]),
            (exact("-1"), b"\xff"),
            (exact("1.5"), b"\xcb\x3f\xf8\0\0\0\0\0\0"),
            (exact("0.1"), b"\xa30.1"),
            (exact("12345678901234567890123"), b"\xb712345678901234567890123"),
        ] {
            assert_eq!(write(&value, &Type::Number).unwrap(), bytes, "{value:?}");
            assert_eq!(read(bytes, &Type::Number).unwrap(), value);
        }
        for (bytes, text) in [
            (&b"\xca\x3f\xc0\0\0"[..], "1.5"),
            (b"\xcc\x02", "2"),
            (b"\xcf\x80\0\0\0\0\0\0\0", "9223372036854775808"),
            (b"\xb39223372036854775808", "9223372036854775808"),
        ] {
            assert_eq!(read(bytes, &Type::Number), Ok(exact(text)), "{bytes:?}");
        }
    }

    #[test]
    fn texts_are_in_normal_form_c() {
        assert_eq!(Value::string("e\u{301}"), Value::string("\u{e9}"));
        assert_eq!(read(b"\xa3e\xcc\x81", &Type::String), Ok(Value::string("\u{e9}")));
    }

    #[test]
    fn any_extension_is_an_unknown_value() {
        let prefix = Refinements { prefix: Some("pre-".to_owned()), ..Refinements::NOT_NULL };
        for (bytes, refinements) in [
            (&b"\xd4\0\0"[..], Refinements::NONE),
            (b"\xd5\x63ab", Refinements::NONE),
            (b"\xc7\x09\x0c\x82\x01\xc2\x02\xa4pre-", prefix),
            (b"\xc7\x03\x0c\x81\x01\xc2", Refinements::NOT_NULL),
            (b"\xc7\x03\x0c\x81\x63\xc2", Refinements::NONE),
            (b"\xc7\x03\x0cabc", Refinements::NONE),
        ] {
            assert_eq!(read(bytes, &Type::String), Ok(Value::Unknown(refinements)), "{bytes:?}");
        }
        assert_eq!(write(&Value::UNKNOWN, &Type::String).unwrap(), b"\xd4\0\0");
    }

    #[test]
    fn refinements_read_back() {
        let bound = |text: &str| Some((text.parse::<Number>().unwrap(), true));
        for (of, refinements) in [
            (
                Type::Number,
                Refinements { at_least: bound("0"), at_most: bound("0.1"), ..Refinements::NOT_NULL },
            ),
            (
                Type::list(Type::Bool),
                Refinements { min_length: Some(1), max_length: Some(2), ..Refinements::NONE },
            ),
        ] {
            let value = Value::Unknown(refinements);
            assert_eq!(read(&write(&value, &of).unwrap(), &of), Ok(value));
        }
    }

    #[test]
    fn sets_are_sorted_and_hold_nothing_twice() {
        let set = read(b"\x93\xa1z\xa1a\xa1a", &Type::set(Type::String)).unwrap();
        assert_eq!(set, Value::Set([Value::string("a"), Value::string("z")].into()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let of = Type::object([("a", Type::list(Type::object([("b", Type::Bool)])))]);
        for (bytes, sentence) in [
            (&b""[..], "the encoding is broken"),
            (b"\x80", "`a`: the attribute is missing"),
            (b"\x82\xa1a\x90\xa1c\xc0", "`c`: there is no such attribute"),
            (b"\x81\xa1a\x91\x81\xa1b\x01", "`a[0].b`: it is not a bool"),
            (b"\x81\xa1a\x90\x00", "there are bytes behind the value"),
            (b"\x81\xa1a\xdd\xff\xff\xff\xff", "`a[0]`: the encoding is broken"),
            (b"\x81\xa1a\xa1\xff", "`a`: it is not a list"),
        ] {
            assert_eq!(read(bytes, &of).unwrap_err().to_string(), sentence, "{bytes:?}");
        }
        assert_eq!(read(b"\xa1\xff", &Type::String).unwrap_err().problem, Problem::Broken);
    }

    #[test]
    fn open_types_carry_their_type() {
        let value = Value::Dynamic(Type::list(Type::Bool), Box::new(Value::List(vec![Value::Bool(true)])));
        let bytes = write(&value, &Type::Dynamic).unwrap();
        assert_eq!(bytes, b"\x92\xc4\x0f[\"list\",\"bool\"]\x91\xc3");
        assert_eq!(read(&bytes, &Type::Dynamic), Ok(value));
        let endless = b"\x92\xc4\x09\"dynamic\"\x92\xc4\x09\"dynamic\"\xc0";
        assert!(read(endless, &Type::Dynamic).is_err(), "an open type is no type of a value");
    }

    #[test]
    fn nesting_ends_somewhere() {
        let of = (0..200).fold(Type::Bool, |of, _| Type::list(of));
        let bytes = [vec![0x91; 200], vec![0xc3]].concat();
        assert_eq!(read(&bytes, &of).unwrap_err().problem, Problem::Depth);
    }
}
