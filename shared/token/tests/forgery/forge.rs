//! Forgeries: what can be done to links without the private key.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::material::{KIDS, Material};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A bit of the text is another.
    BitFlip,
    /// A byte of the text is another.
    Substitute,
    /// Something was put in.
    Insert,
    /// Something was left out.
    Delete,
    /// The end, or the beginning, is missing.
    Truncate,
    /// The beginning of one link and the end of another.
    Splice,
    /// The payload of one link and the signature of another.
    Swap,
    /// The same bytes in another spelling.
    Respell,
    /// A bit of the payload or of the signature is another, and the spelling is right.
    Rewrite,
    /// A multiple of the group's order was added to the signature's scalar.
    Malleate,
    /// The payload names another key.
    Rename,
    /// Signed, but not for here, now, or with this key.
    Foreign,
    /// Several of these.
    Several,
}

const KINDS: [Kind; 13] = [
    Kind::BitFlip,
    Kind::Substitute,
    Kind::Insert,
    Kind::Delete,
    Kind::Truncate,
    Kind::Splice,
    Kind::Swap,
    Kind::Respell,
    Kind::Rewrite,
    Kind::Malleate,
    Kind::Rename,
    Kind::Foreign,
    Kind::Several,
];

/// The order of the group, little-endian.
pub(crate) const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A text that is no good link.
pub(crate) struct Forgery {
    pub(crate) kind: Kind,
    pub(crate) token: String,
}

impl Forgery {
    /// The forgery of that number.
    pub(crate) fn new(number: u64, material: &Material) -> Self {
        let mut forger = Forger {
            rng: ChaCha8Rng::seed_from_u64(number),
            material,
        };
        let kind = KINDS[forger.below(KINDS.len())];
        loop {
            let bytes = forger.forge(kind);
            // Most of what is no UTF-8 cannot come in a path; the rest is taken as a browser shows it.
            let token = String::from_utf8_lossy(&bytes).into_owned();
            if !material.honest.contains(&token) {
                return Self { kind, token };
            }
        }
    }
}

struct Forger<'a> {
    rng: ChaCha8Rng,
    material: &'a Material,
}

impl Forger<'_> {
    fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end.max(1))
    }

    /// A link to begin with: mostly a good one.
    fn link(&mut self) -> Vec<u8> {
        if self.below(8) == 0 {
            return self.foreign();
        }
        let n = self.below(self.material.honest.len());
        self.material.honest[n].clone().into_bytes()
    }

    fn foreign(&mut self) -> Vec<u8> {
        let n = self.below(self.material.foreign.len());
        self.material.foreign[n].clone().into_bytes()
    }

    fn forge(&mut self, kind: Kind) -> Vec<u8> {
        let link = self.link();
        match kind {
            Kind::Foreign => self.foreign(),
            Kind::Several => {
                let mut link = link;
                for _ in 0..=1 + self.below(3) {
                    // The last two kinds are not done to a link.
                    let kind = KINDS[self.below(KINDS.len() - 2)];
                    link = self.change(kind, link);
                }
                link
            }
            Kind::BitFlip
            | Kind::Substitute
            | Kind::Insert
            | Kind::Delete
            | Kind::Truncate
            | Kind::Splice
            | Kind::Swap
            | Kind::Respell
            | Kind::Rewrite
            | Kind::Malleate
            | Kind::Rename => self.change(kind, link),
        }
    }

    fn change(&mut self, kind: Kind, mut link: Vec<u8>) -> Vec<u8> {
        let at = self.below(link.len());
        match kind {
            Kind::BitFlip => {
                if let Some(byte) = link.get_mut(at) {
                    *byte ^= 1 << self.rng.random_range(0..8);
                }
            }
            Kind::Substitute => {
                let byte = self.byte();
                if let Some(old) = link.get_mut(at) {
                    *old = byte;
                }
            }
            Kind::Insert => {
                for _ in 0..=self.below(4) {
                    link.insert(at, self.byte());
                }
            }
            Kind::Delete => {
                let end = (at + 1 + self.below(4)).min(link.len());
                link.drain(at..end);
            }
            Kind::Truncate if self.below(4) == 0 => drop(link.drain(..at)),
            Kind::Truncate => link.truncate(at),
            Kind::Splice => {
                let other = self.link();
                link.truncate(at);
                link.extend(other.get(at..).unwrap_or_default());
            }
            Kind::Swap => {
                let (payload, signature) = (halves(&link).0, halves(&self.link()).1);
                link = [payload, b".".to_vec(), signature].concat();
            }
            Kind::Respell => link = self.respell(&link),
            Kind::Rewrite => {
                link = respelt(link, |payload, signature| self.flip(payload, signature));
            }
            Kind::Malleate => link = respelt(link, |_, signature| self.malleate(signature)),
            Kind::Rename => link = respelt(link, |payload, _| self.rename(payload)),
            Kind::Foreign | Kind::Several => {}
        }
        link
    }

    fn flip(&mut self, payload: &mut [u8], signature: &mut [u8]) {
        let in_payload = self.below(3) > 0;
        let part = if in_payload { payload } else { signature };
        for _ in 0..=self.below(3) {
            let at = self.below(part.len());
            if let Some(byte) = part.get_mut(at) {
                *byte ^= 1 << self.rng.random_range(0..8);
            }
        }
    }

    fn malleate(&mut self, signature: &mut [u8]) {
        for _ in 0..=self.below(14) {
            add_order(signature);
        }
    }

    fn rename(&mut self, payload: &mut [u8]) {
        // A byte for the version, one for the length, seven for the name.
        let name = KIDS[self.below(KIDS.len())].as_bytes();
        if let Some(place) = payload.get_mut(2..9) {
            place.copy_from_slice(name);
        }
    }

    /// Mostly one that a token can have.
    fn byte(&mut self) -> u8 {
        match self.below(4) {
            0 => self.rng.random(),
            1 => b"=.+/ \n%\0~"[self.below(9)],
            _ => ALPHABET[self.below(64)],
        }
    }

    fn respell(&mut self, link: &[u8]) -> Vec<u8> {
        let (mut payload, mut signature) = halves(link);
        let in_payload = self.below(2) == 0;
        let part = if in_payload {
            &mut payload
        } else {
            &mut signature
        };
        match self.below(7) {
            0 => part.push(b'='),
            1 => part.extend(b"=="),
            2 => {
                for byte in part.iter_mut() {
                    *byte = match *byte {
                        b'-' => b'+',
                        b'_' => b'/',
                        other => other,
                    };
                }
            }
            3 => {
                // Bits that say nothing: the last digit carries two or four of them.
                if let Some(last) = part.last_mut() {
                    let value = ALPHABET.iter().position(|digit| digit == last).unwrap_or(0);
                    *last = ALPHABET[(value ^ (1 + self.below(15))) % 64];
                }
            }
            4 => part.insert(self.below(part.len()), b"\n \r\t"[self.below(4)]),
            5 => part.push(b'.'),
            _ => part.make_ascii_lowercase(),
        }
        [payload, b".".to_vec(), signature].concat()
    }
}

/// Changes the bytes that are spelt, if they are spelt well.
fn respelt(link: Vec<u8>, change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) -> Vec<u8> {
    let (payload, signature) = halves(&link);
    let (Ok(mut payload), Ok(mut signature)) = (BASE64.decode(payload), BASE64.decode(signature))
    else {
        return link;
    };
    change(&mut payload, &mut signature);
    format!("{}.{}", BASE64.encode(payload), BASE64.encode(signature)).into_bytes()
}

/// What stands before and behind the first dot.
fn halves(link: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let dot = link.iter().position(|byte| *byte == b'.');
    let (payload, signature) = link.split_at(dot.unwrap_or(link.len()));
    let signature = signature.get(1..).unwrap_or_default();
    (payload.to_vec(), signature.to_vec())
}

/// Adds the group's order to the scalar, in so far as there is room for it.
fn add_order(signature: &mut [u8]) {
    let mut carry = 0;
    for (byte, add) in signature.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
}
