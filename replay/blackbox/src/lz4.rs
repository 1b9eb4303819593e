//! Unpacks LZ4 frames, which other tools may have packed chunks with. Checksums are passed over: content has its own proof.

/// The bytes in a frame, at most `limit`; or what is wrong with it.
pub fn unpack(frame: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut r = frame;
    if take::<4>(&mut r)? != [0x04, 0x22, 0x4d, 0x18] {
        return Err("not an LZ4 frame");
    }
    let [flags, _] = take::<2>(&mut r)?;
    if flags >> 6 != 1 || flags & 1 != 0 {
        return Err("an LZ4 frame of another version, or with a dictionary");
    }
    if flags & 8 != 0 {
        take::<8>(&mut r)?;
    }
    take::<1>(&mut r)?;
    loop {
        let size = u32::from_le_bytes(take::<4>(&mut r)?);
        if size == 0 {
            return Ok(());
        }
        let length = (size & 0x7fff_ffff) as usize;
        let body = r.get(..length).ok_or("an LZ4 block is cut off")?;
        r = &r[length..];
        if size >> 31 == 1 {
            push(out, body, limit)?;
        } else {
            block(body, limit, out)?;
        }
        if flags & 16 != 0 {
            take::<4>(&mut r)?;
        }
    }
}

fn take<const N: usize>(r: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (head, rest) = r.split_first_chunk::<N>().ok_or("an LZ4 frame is cut off")?;
    *r = rest;
    Ok(*head)
}

fn push(out: &mut Vec<u8>, bytes: &[u8], limit: usize) -> Result<(), &'static str> {
    if bytes.len() > limit.saturating_sub(out.len()) {
        return Err("an LZ4 frame unpacks to more than was announced");
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// Literals and matches in turn; a match may reach back into earlier blocks.
fn block(mut r: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
    loop {
        let [token] = take::<1>(&mut r)?;
        let literals = length(usize::from(token >> 4), &mut r)?;
        push(out, r.get(..literals).ok_or("LZ4 literals are cut off")?, limit)?;
        r = &r[literals..];
        if r.is_empty() {
            return Ok(());
        }
        let distance = usize::from(u16::from_le_bytes(take::<2>(&mut r)?));
        let n = length(usize::from(token & 15), &mut r)?.saturating_add(4);
        if distance == 0 || distance > out.len() || n > limit.saturating_sub(out.len()) {
            return Err("an LZ4 match reaches out of bounds");
        }
        let from = out.len() - distance;
        // Source and target may overlap: that is how runs are packed.
        for i in from..from + n {
            out.push(out[i]);
        }
    }
}

fn length(nibble: usize, r: &mut &[u8]) -> Result<usize, &'static str> {
    let mut n = nibble;
    if nibble == 15 {
        loop {
            let [b] = take::<1>(r)?;
            n = n.saturating_add(usize::from(b));
            if b != 255 {
                break;
            }
        }
    }
    Ok(n)
}
