package com.google.ai.edge.litert;

/** STUB for compiling and tests: it keeps what is written. */
public final class TensorBuffer implements AutoCloseable {
    private float[] floats;
    private byte[] bytes;

    TensorBuffer() {}

    public void writeFloat(float[] data) throws LiteRtException {
        floats = data;
    }

    public void writeInt8(byte[] data) throws LiteRtException {
        bytes = data;
    }

    public float[] readFloat() throws LiteRtException {
        return floats;
    }

    public byte[] readInt8() throws LiteRtException {
        return bytes;
    }

    @Override
    public void close() {}
}
