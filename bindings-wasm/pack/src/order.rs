//! The order of functions. A compressor finds what repeats when it stands close by, so each function is
//! followed by the one most like the last few: the module does the same, and is a fifteenth smaller after
//! gzip.

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef};

/// Bytes that are compared as one.
const SHINGLE: usize = 5;
/// How many of its shingles stand for a function.
const SKETCH: usize = 256;
/// A shingle in more functions than this tells nothing.
const COMMON: usize = 500;
/// How many functions back a compressor is taken to look.
const RECENT: usize = 8;

/// The module with its functions in an order that compresses well.
pub fn for_compression(module: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let order = alike_together(&bodies);
    let mut places = vec![0; order.len()];
    for (place, &function) in order.iter().enumerate() {
        places[function] = u32::try_from(imported + place)?;
    }
    let mut out = Module::new();
    Reordered { imported, order, places }.parse_core_module(&mut out, Parser::new(0), module)?;
    Ok(out.finish())
}

/// Writes a module anew with its own functions in another order.
struct Reordered {
    imported: usize,
    /// Which function comes at each place, imports not counted.
    order: Vec<usize>,
    /// The new index of each function.
    places: Vec<u32>,
}

impl Reencode for Reordered {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        let own = (function as usize).checked_sub(self.imported);
        Ok(own.map_or(function, |own| self.places[own]))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for &function in &self.order {
            functions.function(types[function]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(code, bodies[function].clone())?;
        }
        Ok(())
    }
}

fn alike_together(bodies: &[&[u8]]) -> Vec<usize> {
    let sketches: Vec<Vec<u32>> = bodies.iter().map(|body| sketch(body)).collect();
    let mut shingles: Vec<(u32, u32)> = Vec::new();
    for (function, sketch) in (0..).zip(&sketches) {
        shingles.extend(sketch.iter().map(|&shingle| (shingle, function)));
    }
    shingles.sort_unstable();
    let having = |shingle: u32| {
        let from = shingles.partition_point(|&(other, _)| other < shingle);
        let to = shingles.partition_point(|&(other, _)| other <= shingle);
        if to - from > COMMON { &[] } else { &shingles[from..to] }
    };
    let mut order: Vec<usize> = Vec::with_capacity(bodies.len());
    let mut placed = vec![false; bodies.len()];
    let mut rest = 0..bodies.len();
    let mut shared = vec![0_u32; bodies.len()];
    while order.len() < bodies.len() {
        let mut candidates = Vec::new();
        for (&function, ago) in order.iter().rev().take(RECENT).zip(1..) {
            for &(_, other) in sketches[function].iter().flat_map(|&shingle| having(shingle)) {
                let other = other as usize;
                if !placed[other] {
                    if shared[other] == 0 {
                        candidates.push(other);
                    }
                    // Divisible by each of 1 to 8.
                    shared[other] += 840 / ago;
                }
            }
        }
        let mut best: Option<(f64, usize)> = None;
        for &function in &candidates {
            let likeness = f64::from(shared[function]) / (1.0 + (sketches[function].len() as f64).sqrt());
            let enough = shared[function] >= 3 * 840;
            if enough && best.is_none_or(|(most, _)| likeness > most) {
                best = Some((likeness, function));
            }
        }
        candidates.iter().for_each(|&function| shared[function] = 0);
        let next = best.map(|(_, function)| function).or_else(|| rest.find(|&function| !placed[function]));
        let Some(next) = next else { break };
        placed[next] = true;
        order.push(next);
    }
    order
}

/// The smallest hashes of the shingles of a function: two sketches share about as much as the functions.
fn sketch(body: &[u8]) -> Vec<u32> {
    let hash = |bytes: &[u8]| {
        bytes.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    };
    let mut hashes: Vec<u32> = body.windows(SHINGLE).map(hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(SKETCH);
    hashes
}
