//! CBOR as JSON and back, for the one service that speaks it. Moments are seconds.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::{Decoder, Encoder};
use serde_json::{Map, Value as Json, json};

pub fn encode(json: &Json) -> Vec<u8> {
    let mut out = Encoder::new(vec![]);
    write(&mut out, json);
    out.into_writer()
}

fn write(out: &mut Encoder, json: &Json) {
    match json {
        Json::Null => {
            out.null();
        }
        Json::Bool(yes) => {
            out.boolean(*yes);
        }
        Json::Number(number) => match number.as_i64() {
            Some(whole) => {
                out.long(whole);
            }
            None => {
                out.double(number.as_f64().unwrap());
            }
        },
        Json::String(text) => {
            out.str(text);
        }
        Json::Array(items) => {
            out.array(items.len());
            for item in items {
                write(out, item);
            }
        }
        Json::Object(map) => {
            out.map(map.len());
            for (name, value) in map {
                out.str(name);
                write(out, value);
            }
        }
    }
}

/// # Panics
/// It is no CBOR, or has more than a service sends.
pub fn decode(bytes: &[u8]) -> Json {
    read(&mut Decoder::new(bytes))
}

fn read(from: &mut Decoder<'_>) -> Json {
    match from.datatype().unwrap() {
        Type::Bool => json!(from.boolean().unwrap()),
        Type::String | Type::StringIndef => json!(from.string().unwrap()),
        Type::F32 => json!(from.float().unwrap()),
        Type::F64 => json!(from.double().unwrap()),
        Type::Tag => json!(from.timestamp().unwrap().as_secs_f64()),
        Type::Array | Type::ArrayIndef => {
            let length = from.list().unwrap();
            let mut items = vec![];
            while goes_on(from, length, items.len()) {
                items.push(read(from));
            }
            Json::Array(items)
        }
        Type::Map | Type::MapIndef => {
            let length = from.map().unwrap();
            let mut map = Map::new();
            while goes_on(from, length, map.len()) {
                let name = from.string().unwrap();
                map.insert(name, read(from));
            }
            Json::Object(map)
        }
        Type::Null => {
            from.null().unwrap();
            Json::Null
        }
        _ => json!(from.long().unwrap()),
    }
}

/// Of a list or map whose length is not said, the end is.
fn goes_on(from: &mut Decoder<'_>, length: Option<u64>, had: usize) -> bool {
    match length {
        Some(length) => (had as u64) < length,
        None if from.datatype().unwrap() == Type::Break => {
            from.skip().unwrap();
            false
        }
        None => true,
    }
}

#[test]
fn what_is_encoded_reads_back() {
    let json = json!({"a": [1, -2, 2.5, true, null], "b": {"c": "text"}, "d": {}, "e": []});
    assert_eq!(decode(&encode(&json)), json);
}
