package android.os;

/** STUB for compiling alone. */
public final class Bundle {
    public Bundle() {}

    public Object get(String key) {
        return null;
    }
}
