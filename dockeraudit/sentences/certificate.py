"""What the checks of certificates and keys find, on one host and on several."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms, or_itself

_VALUES = Forms(
    (marked("(empty)"), marked("{listed} and {number} more"), marked("{listed} and more"))
)

say = Forms(
    (
        marked("the certificate in {certificate} and its key are also on {host_values}"),
        marked("the client certificate in {certificate} and its key are also on {host_values}"),
        marked(
            "the key of the certificate in {certificate} is also that of others, on {host_values}"
        ),
        marked(
            "the key of the client certificate in {certificate} is also that of others, on "
            "{host_values}"
        ),
        marked(
            "{certificate} has the serial {serial} of another certificate from the same issuer "
            "{issuer_values}, on {host_values}"
        ),
        marked(
            "{certificate} has the serial {serial} of {other_certificate}, from the same issuer "
            "{issuer_values}"
        ),
        marked("{certificate} is a server or client certificate marked as a CA (CA:TRUE)"),
        marked("{certificate} is used as a CA and is of version {number}, without the mark"),
        marked("{certificate} is used as a CA and has no basicConstraints"),
        marked("{certificate} is used as a CA and is marked CA:FALSE"),
        marked("{certificate} is a CA whose keyUsage lacks keyCertSign"),
        marked("{certificate} is a CA whose basicConstraints are not critical"),
        marked(
            "{file} is the private key of the CA {subject} in {other_file}, and its owner, uid "
            "{number}, may read it"
        ),
        marked(
            "{file} is the private key of the CA {subject} in {other_file}, and everybody may "
            "read it"
        ),
        marked(
            "{file} is the private key of the CA {subject} in {other_file}, and the group "
            "{number} may read it"
        ),
        marked(
            "{file} is the private key of the CA {subject} in {other_file}, and whom its ACL "
            "names ({entries}) may read it"
        ),
        marked("{file} is the private key of the CA {subject} in {other_file}"),
        marked("{file}, the key of the CA {subject}, has no passphrase"),
        marked("{file} has a passphrase, so dockerd will not start with it"),
        marked(
            "{file} of an unknown account is the key of {subject}, a client of this host's daemon"
        ),
        marked("{file} of {account} is the key of {subject}, a client of this host's daemon"),
        marked("{file} is not the key of {other_file}"),
        marked("{certificate} lacks the intermediate that is in {file}"),
        marked("{certificate} does not verify against {values}"),
        marked("{certificate} has no extended key usage, so it is good for a server too"),
        marked("{certificate} has no extended key usage, so it is good for clients too"),
        marked("{certificate} may be used by a server as well as by a client"),
        marked("{certificate} has extended key usages without clientAuth"),
        marked("{certificate} has extended key usages without serverAuth"),
        marked("{certificate} expired on {date_name}, 1 day ago"),
        marked("{certificate} expired on {date_name}, {number} days ago"),
        marked("{certificate} expires on {date_name}, in 1 day"),
        marked("{certificate} expires on {date_name}, in {number} days"),
        marked("{certificate} expired 1 day ago"),
        marked("{certificate} expired {number} days ago"),
        marked("{certificate} expires in 1 day"),
        marked("{certificate} expires in {number} days"),
        marked("{certificate} is valid only from {time_values}"),
        marked(
            "{certificate} is valid until {date_name}, its CA in {issuer_values} only until "
            "{other_name}"
        ),
        marked("{certificate} is valid for {number} days, over {other_number}"),
        marked("{certificate} has a {number}-bit RSA key, under 2048"),
        marked(
            "{certificate} has a {number}-bit RSA key, under the {other_number} that are advised"
        ),
        marked("{certificate} has an EC key on the curve {curve}, not P-256, P-384 or P-521"),
        marked("{certificate} has a DSA key, which dockerd can't use"),
        marked("{certificate} has an Ed448 key, which dockerd can't use"),
        marked("{certificate} has a keyUsage with keyCertSign and without digitalSignature"),
        marked("{certificate} has a keyUsage with keyCertSign"),
        marked("{certificate} has a keyUsage without digitalSignature"),
        marked("{file} has mode {mode}, over 0600"),
        marked("{file} has no certificate beside it"),
        marked("{file} has no {other_file} beside it"),
        marked("{file} is a client certificate under a CA's ending, .crt instead of .cert"),
        marked("{file} is a CA under a client certificate's ending, .cert instead of .crt"),
        marked("nothing can withdraw {certificate} before {date_name}"),
        marked(
            "{certificate} has neither a DNS name nor an IP address as alternative name, only "
            "the subject {issuer_values}"
        ),
        marked(
            "{certificate} is signed by its own key, which is also the key of the clients' CA in "
            "{file}"
        ),
        marked("{certificate} is signed by its own key"),
        marked("{certificate} is signed over {hash_name}"),
        marked("{certificate} passes as a client certificate of the CA in {file}"),
        marked("{certificate} is for {name_values}, which {address} is not"),
        marked("{subject} is used by {account_values}: {values}"),
    ),
    values=or_itself(_VALUES),
)
