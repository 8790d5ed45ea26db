//! All of core behind three bare functions. Built for wasm32-unknown-unknown the module must import
//! nothing: then no clock, file, socket, environment or randomness of the host can be reached.

use kubehop::{Cluster, Question, Settings, Source};

/// Room for `length` bytes of input.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(length: usize) -> *mut u8 {
    Box::leak(vec![0_u8; length].into_boxed_slice()).as_mut_ptr()
}

/// Loads the manifests and asks the question (JSON) that `reserve` made room for. The address of the
/// answer: its length as 4 bytes, then its JSON and its text.
///
/// # Safety
/// Both pairs are a pointer from [`reserve`] and the length given to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ask(
    manifests: *const u8,
    manifests_length: usize,
    question: *const u8,
    question_length: usize,
) -> *const u8 {
    // SAFETY: the caller's promise.
    let (manifests, question) = unsafe {
        (
            std::slice::from_raw_parts(manifests, manifests_length),
            std::slice::from_raw_parts(question, question_length),
        )
    };
    let cluster = Cluster::load([Source::new("input.yaml", manifests)], &Settings::default());
    let text = match serde_json::from_slice::<Question>(question) {
        Err(error) => error.to_string(),
        Ok(question) => match cluster.ask(&question) {
            Err(error) => serde_json::to_string(&error).unwrap_or_default(),
            Ok(answer) => {
                format!(
                    "{}\n{}",
                    serde_json::to_string(&answer).unwrap_or_default(),
                    kubehop::render::text(&answer)
                )
            }
        },
    };
    let mut out = (text.len() as u32).to_le_bytes().to_vec();
    out.extend(text.as_bytes());
    Box::leak(out.into_boxed_slice()).as_ptr()
}
