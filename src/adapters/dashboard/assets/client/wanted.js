// What is asked for now, and what the connection that stands was told of it.
import { checked, interestQuery, isNothing } from "./interest.js";
export class Wanted {
    #interest;
    /** What the connection that stands was opened with, or was told; null where its address could not say it. */
    #told = null;
    constructor(interest) {
        this.#interest = interest;
    }
    /** Throws a RangeError where the server would refuse. */
    change(interest) {
        this.#interest = checked(interest);
    }
    /** The address of another connection. */
    query(cursor) {
        this.#told = isNothing(this.#interest) ? null : this.#interest;
        const query = interestQuery(this.#interest);
        if (cursor !== null)
            query.set("after", cursor);
        return query;
    }
    /** Says on the connection that stands what it was not told yet. */
    tell(connection) {
        if (connection === null || !connection.isGreeted || this.#told === this.#interest)
            return;
        this.#told = this.#interest;
        connection.subscribe(this.#interest);
    }
}
