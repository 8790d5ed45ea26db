//! Labels as numbers: only the keys and values that some selector mentions count, everything else about
//! a label map is forgotten. Selectors become unions and intersections of precomputed bit sets.

use super::bits::Bits;
use super::intern::Interner;
use crate::manifest::api::meta::{LabelSelector, Labels};
use crate::order::SliceOrder;

/// A value that no selector mentions: present, and equal to nothing.
const OTHER: u32 = u32::MAX;

const IN: u32 = 0;
const NOT_IN: u32 = 1;
const EXISTS: u32 = 2;
const ABSENT: u32 = 3;
/// An operator the API does not know: matches nothing.
const NEVER: u32 = 4;

/// The keys and values that selectors mention, and the selectors themselves, compiled.
///
/// A selector is a list of numbers: per requirement an operator, a key, how many values, the values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Universe {
    keys: Interner<String>,
    /// Per key, its mentioned values.
    values: Vec<Interner<String>>,
    selectors: Interner<Vec<u32>>,
}

/// The mentioned labels of one object: (key, value) ascending by key.
pub(crate) type Signature = Vec<(u32, u32)>;

impl Universe {
    /// The number of a selector.
    pub(crate) fn compile(&mut self, selector: &LabelSelector) -> u32 {
        let mut code = Vec::new();
        for (key, value) in &selector.match_labels {
            let key = self.key(key);
            let value = self.value(key, value);
            code.extend([IN, key, 1, value]);
        }
        for requirement in &selector.match_expressions {
            let key = self.key(&requirement.key);
            // k8s: apimachinery pkg/labels/selector.go Requirement.Matches
            let operator = match requirement.operator.as_str() {
                "In" => IN,
                "NotIn" => NOT_IN,
                "Exists" => EXISTS,
                "DoesNotExist" => ABSENT,
                _ => NEVER,
            };
            let takes_values = operator <= NOT_IN;
            let mut values: Vec<u32> = if takes_values {
                requirement.values.iter().map(|value| self.value(key, value)).collect()
            } else {
                Vec::new()
            };
            values.order();
            values.dedup();
            code.extend([operator, key, values.len() as u32]);
            code.extend(values);
        }
        self.selectors.intern(code.as_slice())
    }

    /// How many keys and values are mentioned: while this stays the same, so does every signature.
    pub(crate) fn word_count(&self) -> usize {
        self.values.iter().map(|values| values.items().len() + 1).sum()
    }

    fn key(&mut self, key: &str) -> u32 {
        let number = self.keys.intern(key);
        if number as usize == self.values.len() {
            self.values.push(Interner::default());
        }
        number
    }

    fn value(&mut self, key: u32, value: &str) -> u32 {
        self.values.get_mut(key as usize).map_or(OTHER, |values| values.intern(value))
    }

    /// What the selectors can see of `labels`, appended to `out`.
    pub(crate) fn sign(&self, labels: &Labels, out: &mut Signature) {
        out.clear();
        for (key, value) in labels {
            if let Some(key) = self.keys.find(key.as_str()) {
                let value = self.values.get(key as usize).and_then(|values| values.find(value.as_str()));
                out.push((key, value.unwrap_or(OTHER)));
            }
        }
        out.order();
    }

    fn requirements(&self, selector: u32) -> impl Iterator<Item = (u32, u32, &[u32])> {
        let mut rest = self.selectors.get(selector).map_or(&[][..], Vec::as_slice);
        std::iter::from_fn(move || {
            let (head, tail) = rest.split_first_chunk::<3>()?;
            let [operator, key, count] = *head;
            let (values, tail) = tail.split_at_checked(count as usize)?;
            rest = tail;
            Some((operator, key, values))
        })
    }

    /// Whether an object with this signature is selected.
    pub(crate) fn matches(&self, selector: u32, signature: &[(u32, u32)]) -> bool {
        self.requirements(selector).all(|(operator, key, values)| {
            let value = signature.iter().find(|(other, _)| *other == key).map(|(_, value)| *value);
            match operator {
                IN => value.is_some_and(|value| values.contains(&value)),
                NOT_IN => value.is_none_or(|value| !values.contains(&value)),
                EXISTS => value.is_some(),
                ABSENT => value.is_none(),
                _ => false,
            }
        })
    }
}

/// For every mentioned key and value, which objects carry it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelIndex {
    all: Bits,
    keys: Vec<KeyIndex>,
}

#[derive(Clone, Debug, Default)]
struct KeyIndex {
    present: Bits,
    values: Vec<Bits>,
}

impl LabelIndex {
    /// Indexes objects 0, 1, 2 … by their signatures; `None` stands for an object that no selector ever
    /// selects.
    pub(crate) fn new<'a>(
        universe: &Universe,
        signatures: impl Iterator<Item = Option<&'a [(u32, u32)]>>,
    ) -> Self {
        let mut all = Vec::new();
        let mut lists: Vec<(Vec<u32>, Vec<Vec<u32>>)> = universe
            .values
            .iter()
            .map(|values| (Vec::new(), vec![Vec::new(); values.items().len()]))
            .collect();
        for (object, signature) in (0..).zip(signatures) {
            let Some(signature) = signature else { continue };
            all.push(object);
            for (key, value) in signature {
                if let Some((present, values)) = lists.get_mut(*key as usize) {
                    present.push(object);
                    if let Some(list) = values.get_mut(*value as usize) {
                        list.push(object);
                    }
                }
            }
        }
        let keys = lists
            .iter()
            .map(|(present, values)| KeyIndex {
                present: Bits::from_sorted(present),
                values: values.iter().map(|list| Bits::from_sorted(list)).collect(),
            })
            .collect();
        Self { all: Bits::from_sorted(&all), keys }
    }

    /// Every object that can be selected.
    pub(crate) fn all(&self) -> &Bits {
        &self.all
    }

    /// The objects a selector selects.
    pub(crate) fn select(&self, universe: &Universe, selector: u32) -> Bits {
        let mut out = self.all.clone();
        for (operator, key, values) in universe.requirements(selector) {
            let Some(index) = self.keys.get(key as usize) else { return Bits::default() };
            let mut some = Bits::default();
            for bits in values.iter().filter_map(|value| index.values.get(*value as usize)) {
                some.add(bits);
            }
            out = match operator {
                IN => out.and(&some),
                NOT_IN => out.and_not(&some),
                EXISTS => out.and(&index.present),
                ABSENT => out.and_not(&index.present),
                _ => Bits::default(),
            };
            if out.is_empty() {
                break;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::api::meta::LabelSelectorRequirement;

    #[test]
    fn compiled_selectors_agree_with_the_plain_ones() {
        let objects: Vec<Labels> = (0..36_u32)
            .map(|n| {
                let mut labels = Labels::new();
                for (key, n) in [("app", n % 6), ("tier", n / 6)] {
                    if n < 5 {
                        labels.insert(key.into(), ["a", "b", "c", "d", ""][n as usize].into());
                    }
                }
                labels.insert("noise".into(), n.to_string());
                labels
            })
            .collect();
        let mut selectors = vec![LabelSelector::default()];
        for key in ["app", "tier", "nowhere"] {
            for operator in ["In", "NotIn", "Exists", "DoesNotExist", "Gt"] {
                for values in [vec!["a"], vec!["b", "c"], vec![""], vec!["z"]] {
                    let values = values.into_iter().map(String::from).collect();
                    let requirement =
                        LabelSelectorRequirement { key: key.into(), operator: operator.into(), values };
                    let match_labels = [("app".to_owned(), "a".to_owned())].into();
                    for match_labels in [Labels::new(), match_labels] {
                        selectors.push(LabelSelector {
                            match_labels,
                            match_expressions: vec![requirement.clone()],
                        });
                    }
                }
            }
        }
        let mut universe = Universe::default();
        let numbers: Vec<u32> = selectors.iter().map(|selector| universe.compile(selector)).collect();
        let signatures: Vec<Signature> = objects
            .iter()
            .map(|labels| {
                let mut out = Signature::new();
                universe.sign(labels, &mut out);
                out
            })
            .collect();
        let index = LabelIndex::new(&universe, signatures.iter().map(|signature| Some(signature.as_slice())));
        for (selector, number) in selectors.iter().zip(numbers) {
            let selected = index.select(&universe, number);
            for ((object, labels), signature) in (0..).zip(&objects).zip(&signatures) {
                let expected = selector.matches(labels);
                assert_eq!(universe.matches(number, signature), expected, "{selector:?} {labels:?}");
                assert_eq!(selected.contains(object), expected, "{selector:?} {labels:?}");
            }
        }
    }
}
