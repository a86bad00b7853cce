//! Finds the types inside of a field's type that may be events.

use syn::{GenericArgument, Ident, PathArguments, Type, TypePath};

/// Types of the standard library, none of which is an event.
const STANDARD: &[&str] = &[
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Cell",
    "Cow",
    "Duration",
    "HashMap",
    "HashSet",
    "IpAddr",
    "Mutex",
    "NonZero",
    "Option",
    "PathBuf",
    "PhantomData",
    "Range",
    "Rc",
    "RefCell",
    "Result",
    "RwLock",
    "String",
    "SystemTime",
    "Vec",
    "VecDeque",
    "bool",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// Returns the types that are named in `ty`, without those of the standard library and the event itself,
/// whose fields are known.
pub(super) fn types<'t>(ty: &'t Type, event: &Ident) -> Vec<&'t TypePath> {
    let mut found = Vec::new();
    let mut left = vec![ty];
    while let Some(ty) = left.pop() {
        match ty {
            Type::Path(path) => {
                for segment in &path.path.segments {
                    if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                        left.extend(arguments.args.iter().filter_map(|argument| match argument {
                            GenericArgument::Type(ty) => Some(ty),
                            _ => None,
                        }));
                    }
                }
                let name = path.path.segments.last().map(|last| &last.ident);
                let is_known = name.is_some_and(|name| {
                    name == "Self" || name == event || STANDARD.iter().any(|it| name == it)
                });
                if !is_known {
                    found.push(path);
                }
            }
            Type::Array(array) => left.push(&array.elem),
            Type::Slice(slice) => left.push(&slice.elem),
            Type::Reference(reference) => left.push(&reference.elem),
            Type::Paren(inner) => left.push(&inner.elem),
            Type::Group(inner) => left.push(&inner.elem),
            Type::Tuple(tuple) => left.extend(&tuple.elems),
            _ => {}
        }
    }
    found
}
